# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).

from odoo import api, fields, models

from ..core import fit


class RingmainPickModel(models.TransientModel):
    _name = "ringmain.pick.model"
    _description = "Pick a model"

    page_id = fields.Many2one("res.config.settings", required=True, ondelete="cascade")
    line_ids = fields.One2many("ringmain.pick.model.line", "wizard_id", string="Models", readonly=True)
    line_id = fields.Many2one("ringmain.pick.model.line", string="Model", domain="[('wizard_id', '=', id)]")

    @api.model
    def _ringmain_offer(self, page, offered):
        """The table for a page of settings, of the models that its connection offers."""
        rows = fit.offered(offered)
        lines = self.env["ringmain.pick.model.line"]
        wizard = self.create({"page_id": page.id, "line_ids": [fields.Command.create(lines._of(row)) for row in rows]})
        wizard.line_id = wizard.line_ids.filtered(lambda line: line.name == page.ringmain_model)[:1]
        return wizard

    def pick(self):
        """Write the chosen model, with what is typed of the connection, and show the page anew."""
        self.ensure_one()
        if self.line_id:
            page = self.page_id
            page.ringmain_model = self.line_id.name
            known = (self.line_id.modes or "").split()
            if known and page.ringmain_method not in known:
                page.ringmain_method = known[0]
            page._ringmain_keep()
        return {"type": "ir.actions.client", "tag": "reload"}


class RingmainPickModelLine(models.TransientModel):
    _name = "ringmain.pick.model.line"
    _description = "A model to pick"
    _order = "id"

    wizard_id = fields.Many2one("ringmain.pick.model", required=True, ondelete="cascade", index=True)
    name = fields.Char("Model", required=True)
    modes = fields.Char()
    method = fields.Char(compute="_compute_method")
    is_default = fields.Boolean("Default")
    # An unknown price is not zero, so both are told apart.
    priced = fields.Boolean()
    input_price = fields.Float("Input $/M", digits=(12, 3), help="USD for a million tokens")
    output_price = fields.Float("Output $/M", digits=(12, 3), help="USD for a million tokens")
    context_window = fields.Integer("Context window", help="Tokens")
    retires = fields.Char()

    @api.depends("modes")
    def _compute_method(self):
        said = dict(self.env["ringmain.settings"]._fields["ringmain_method"]._description_selection(self.env))
        for line in self:
            line.method = ", ".join(said.get(mode, mode) for mode in (line.modes or "").split())

    @api.model
    def _of(self, row):
        """The values of a line, of a model as the connection names it."""
        prices = [row.get("input_price"), row.get("output_price")]
        return {
            "name": row["id"],
            "modes": " ".join(fit.methods(row)),
            "is_default": bool(row.get("default")),
            "priced": None not in prices,
            "input_price": float(prices[0] or 0),
            "output_price": float(prices[1] or 0),
            "context_window": int(row.get("context_window") or 0),
            "retires": row.get("retires") or False,
        }

    def pick(self):
        """As to choose this line and to press OK."""
        self.wizard_id.line_id = self
        return self.wizard_id.pick()
