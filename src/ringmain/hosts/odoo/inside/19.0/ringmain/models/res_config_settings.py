# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).

from odoo import models


class ResConfigSettings(models.TransientModel):
    _name = "res.config.settings"
    _inherit = ["res.config.settings", "ringmain.settings"]
