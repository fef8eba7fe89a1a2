# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).

from odoo import models


class IrHttp(models.AbstractModel):
    _inherit = "ir.http"

    def session_info(self):
        """The browser is told whether this user may ask, and about which records, so that it offers no more."""
        may_ask = self.env.user.has_group("ringmain.group_ask")
        records = self.env["ringmain.ask.target"].sudo().search([], limit=1000).mapped("model_name") if may_ask else []
        return super().session_info() | {"ringmain_may_ask": may_ask, "ringmain_records": records}
