# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).

from odoo import fields, models


class RingmainPickModel(models.TransientModel):
    _name = "ringmain.pick.model"
    _description = "Pick a model"

    line_ids = fields.One2many("ringmain.pick.model.line", "wizard_id", string="Models")


class RingmainPickModelLine(models.TransientModel):
    _name = "ringmain.pick.model.line"
    _description = "A model to pick"

    wizard_id = fields.Many2one("ringmain.pick.model", required=True, ondelete="cascade")
    name = fields.Char("Model", required=True)
