# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).

import re

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..core import text

# What may travel: values that are text for people. No files, no raw structures.
TOLD = (
    "boolean", "char", "text", "html", "integer", "float", "monetary", "date", "datetime", "selection",
    "many2one", "one2many", "many2many",
)  # fmt: skip
SECRET = re.compile(r"pass(word|wd|phrase)|secret|token|api_?key|totp|private_?key|credential|signature|cvv|iban", re.I)
INNER = ("ir.", "mail.", "bus.", "base.", "ringmain.")
MOST_LINES, LONGEST = 30, 2000
# A hub takes no longer one.
LONGEST_NAME = 200


class AskTarget(models.Model):
    """A kind of record that may be asked about, with the fields that travel along."""

    _name = "ringmain.ask.target"
    _description = "Records that may be asked about"
    _order = "model_name"

    model_id = fields.Many2one(
        "ir.model",
        "Records",
        required=True,
        ondelete="cascade",
        domain=[("transient", "=", False), ("abstract", "=", False), ("model", "not =like", "ir.%")],
    )
    model_name = fields.Char("Technical name", related="model_id.model", store=True)
    field_ids = fields.Many2many(
        "ir.model.fields",
        string="Fields sent along",
        domain="[('model_id', '=', model_id), ('ttype', 'in', %s)]" % (list(TOLD),),  # noqa: UP031
        help="Of these, each question carries those that who asks may read.",
    )
    action_id = fields.Many2one("ir.actions.act_window", readonly=True, copy=False, ondelete="set null")

    _model_unique = models.Constraint("UNIQUE (model_id)", "These records can be asked about already.")

    @api.constrains("model_id", "field_ids")
    def _check_may_be_told(self):
        for target in self:
            model = self.env.get(target.model_id.model)
            if model is None or model._transient or model._abstract or model._name.startswith(INNER):
                raise ValidationError(self.env._("Only records that are kept can be asked about."))
            for field in target.field_ids:
                known = field.model_id == target.model_id and model._fields.get(field.name)
                if not known or not may_be_told(known):
                    raise ValidationError(
                        self.env._("The field %(name)s cannot be sent.", name=field.field_description)
                    )

    # ── the entry in the records' action menu ───────────────────────────────────────────────────
    @api.model_create_multi
    def create(self, vals_list):
        targets = super().create(vals_list)
        for target in targets:
            target._bind()
        return targets

    def write(self, vals):
        written = super().write(vals)
        if "model_id" in vals:
            for target in self:
                target._bind()
        return written

    def unlink(self):
        self.sudo().action_id.unlink()
        return super().unlink()

    def _bind(self):
        """Put "Ask OdooBot" into the action menu of the records, in every language that is installed."""
        # Who may choose what can be asked about need not be one who may write actions.
        target = self.sudo()
        target.action_id.unlink()
        target.action_id = self.env["ir.actions.act_window"].sudo().create(
            {
                "name": "Ask OdooBot",
                "res_model": "ringmain.ask.record",
                "view_mode": "form",
                "target": "new",
                "binding_model_id": target.model_id.id,
                "binding_view_types": "form",
                "group_ids": [fields.Command.link(self.env.ref("ringmain.group_ask").id)],
            }
        )  # fmt: skip
        for code, _name in self.env["res.lang"].get_installed():
            translated = self.with_context(lang=code).env._("Ask OdooBot")
            target.action_id.with_context(lang=code).name = translated

    # ── what is told of a record ────────────────────────────────────────────────────────────────
    @api.model
    def _of(self, record):
        """The target for a record, or nothing where its kind may not be asked about."""
        return self.sudo().search([("model_name", "=", record._name)], limit=1)

    def _told(self, record):
        """What of the record goes along: the fields of this target that the user of `record` may read.

        Raises AccessError where the user may not read the record at all.
        Never under sudo: the rights are those of who asks.
        """
        record = record.sudo(False)
        record.check_access("read")
        names = [name for name in self.field_ids.mapped("name") if name in record._fields]
        rows = [self._row(record, record._fields[name]) for name in names if self._may_read(record, name)]
        told = [row for row in rows if row["value"] != ""]
        name = text.shortened(record.display_name or "", LONGEST_NAME)
        return {"model": record._name, "id": record.id, "name": name, "fields": told}

    @api.model
    def _may_read(self, record, name):
        field = record._fields[name]
        return may_be_told(field) and record._has_field_access(field, "read")

    @api.model
    def _row(self, record, field):
        label = record.fields_get([field.name], ["string"])[field.name]["string"]
        return {"name": field.name, "label": label, "value": text.shortened(self._as_text(record, field), LONGEST)}

    @api.model
    def _as_text(self, record, field):
        """The value as a person reads it. Of other records only the names of those that may be read."""
        value = record[field.name]
        if field.relational:
            readable = value._filtered_access("read")[:MOST_LINES]
            return ", ".join(other.display_name or "" for other in readable)
        if field.type == "selection":
            return str(dict(field._description_selection(self.env)).get(value, value or ""))
        if field.type == "boolean":
            return self.env._("yes") if value else self.env._("no")
        if field.type == "html":
            return text.question(str(value or ""))
        if field.type == "monetary":
            return f"{value:.2f} {self._currency(record, field)}".strip()
        return "" if value is False or value is None else str(value)

    @api.model
    def _currency(self, record, field):
        name = field.get_currency_field(record)
        return record[name].name or "" if name in record._fields else ""


def may_be_told(field) -> bool:
    """Whether a field is one for people: no file, no secret, nothing of the mail's own machinery."""
    inner = field.relational and (field.comodel_name or "").startswith(INNER)
    return field.type in TOLD and not SECRET.search(field.name) and not inner and not field.name.startswith("message_")
