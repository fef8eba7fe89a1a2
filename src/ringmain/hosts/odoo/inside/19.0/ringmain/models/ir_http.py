# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).

from odoo import models


class IrHttp(models.AbstractModel):
    _inherit = "ir.http"

    def session_info(self):
        """The browser is told whether this user may ask, so that it offers `/ai` and the mention, or does not."""
        return super().session_info() | {"ringmain_may_ask": self.env.user.has_group("ringmain.group_ask")}
