# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..core import payload


class AskRecord(models.TransientModel):
    """The window that asks about one record, and shows beforehand what of it is sent."""

    _name = "ringmain.ask.record"
    _description = "Ask about a record"

    res_model = fields.Char("Model", required=True, readonly=True)
    res_id = fields.Many2oneReference("Record", model_field="res_model", required=True, readonly=True)
    name = fields.Char("About", compute="_compute_told")
    told = fields.Text("Sent along", compute="_compute_told", help="Only what you may read yourself.")
    has_chatter = fields.Boolean(compute="_compute_told")
    question = fields.Text()
    where = fields.Selection(
        [("chat", "To me, in my chat with OdooBot"), ("note", "As a note on the record, for all who can read it")],
        string="Answer",
        required=True,
        default="chat",
    )

    @api.model
    def default_get(self, fields_list):
        """The record whose action menu was used."""
        found = self.env.context
        return super().default_get(fields_list) | {
            "res_model": found.get("active_model") or found.get("default_res_model"),
            "res_id": found.get("active_id") or found.get("default_res_id"),
        }

    @api.depends("res_model", "res_id")
    def _compute_told(self):
        for wizard in self:
            told = wizard._told()
            wizard.name = told["name"]
            wizard.told = payload.with_record("", told | {"name": ""})
            wizard.has_chatter = wizard._may_note()

    def _record(self):
        model = self.env.get(self.res_model or "")
        if model is None or not self.env["ringmain.ask.target"]._of(model):
            raise UserError(self.env._("Records of this kind may not be asked about. An administrator can allow it."))
        return model.browse(self.res_id)

    def _told(self):
        """What goes along, read with the rights of who asks. Raises AccessError for a record out of reach."""
        record = self._record()
        return self.env["ringmain.ask.target"]._of(record)._told(record)

    def _may_note(self):
        """Whether the user may write on the record, and it has a place for it."""
        record = self._record()
        return "message_ids" in record._fields and record.has_access("write")

    def action_ask(self):
        """Put the question; the answer comes as it does in a chat."""
        self.ensure_one()
        asks = self.env["ringmain.ask"]
        asks._check_may_ask()
        asked = (self.question or "").strip()
        if not asked:
            raise UserError(self.env._("Write a question first."))
        as_note = self.where == "note" and self._may_note()
        asks._ask("record", asked, record=self._record(), told=self._told(), as_note=as_note)
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._("OdooBot has your question. The answer will come in a moment."),
                "next": {"type": "ir.actions.act_window_close"},
            },
        }
