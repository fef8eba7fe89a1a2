# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).

from uuid import uuid4

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.fields import NO_ACCESS

from ..core import payload, text

OPEN = ("new", "sent")


class Ask(models.Model):
    """One question, from the transaction of who asked it to its answer.

    The row is written together with the message that asks, so they live or die together.
    What was asked about is in fields that nobody reads over RPC; `question` shows the text to its asker alone.
    """

    _name = "ringmain.ask"
    _description = "Question to the connection"
    _order = "id desc"

    uuid = fields.Char("Identifier", required=True, readonly=True, copy=False, default=lambda self: str(uuid4()))
    kind = fields.Selection(
        [("chat", "Chat"), ("mention", "Mention"), ("command", "Command"), ("record", "Record")],
        required=True,
        readonly=True,
    )
    asker_id = fields.Many2one("res.users", "Asked by", required=True, readonly=True, index=True, ondelete="cascade")
    company_id = fields.Many2one("res.company", required=True, readonly=True, ondelete="cascade")
    language = fields.Char(readonly=True)
    question = fields.Text(compute="_compute_question", help="Only its asker can read it.")
    text = fields.Text("Text asked", readonly=True, groups=NO_ACCESS)
    record = fields.Json("Fields asked about", readonly=True, groups=NO_ACCESS)
    conversation = fields.Char(readonly=True, index=True, groups=NO_ACCESS)
    # Where it was asked is nobody's business either: Odoo shows the names of what a field leads to, whoever reads it.
    channel_id = fields.Many2one("discuss.channel", readonly=True, index=True, ondelete="set null", groups=NO_ACCESS)
    question_message_id = fields.Many2one("mail.message", readonly=True, ondelete="set null", groups=NO_ACCESS)
    answer_message_id = fields.Many2one("mail.message", readonly=True, ondelete="set null", groups=NO_ACCESS)
    res_model = fields.Char("Record's model", readonly=True)
    res_id = fields.Many2oneReference("Record", model_field="res_model", readonly=True)
    as_note = fields.Boolean("Answer on the record", readonly=True)

    state = fields.Selection(
        [("new", "Waiting"), ("sent", "Sent"), ("done", "Answered"), ("failed", "Failed")],
        required=True,
        readonly=True,
        default="new",
        index=True,
    )
    attempts = fields.Integer("Times sent", readonly=True)
    first_sent_at = fields.Datetime(readonly=True)
    sent_at = fields.Datetime("Sent on", readonly=True)
    next_try = fields.Datetime("Not sent before", readonly=True)
    deadline = fields.Datetime(readonly=True)
    accepted = fields.Boolean("The hub has it", readonly=True)
    token_digest = fields.Char(readonly=True, groups=NO_ACCESS)
    ended_at = fields.Datetime("Ended on", readonly=True)

    model = fields.Char(readonly=True)
    mode = fields.Char("Method", readonly=True)
    input_tokens = fields.Integer(readonly=True)
    output_tokens = fields.Integer(readonly=True)
    priced = fields.Boolean("Cost is known", readonly=True)
    cost = fields.Float(digits=(16, 8), readonly=True)
    currency = fields.Char(readonly=True)
    notices = fields.Text(readonly=True)
    fault_code = fields.Char("Fault", readonly=True)
    fault_sentence = fields.Char("What went wrong", readonly=True)

    _uuid_unique = models.Constraint("UNIQUE (uuid)", "A question has an identifier of its own.")

    @api.depends("text")
    @api.depends_context("uid")
    def _compute_question(self):
        """The text, for who asked it; for anybody else nothing, an admin included."""
        for row in self:
            row.question = row.sudo().text if row.asker_id == self.env.user else False

    @api.depends("text", "create_date")
    @api.depends_context("uid")
    def _compute_display_name(self):
        """The beginning of the question, for who asked it; for anybody else its number."""
        for row in self:
            row.display_name = text.shortened(row.question, 60) if row.question else f"#{row.id}"

    # ── asking ──────────────────────────────────────────────────────────────────────────────────
    @api.model
    def _ask(self, kind, asked, *, channel=None, message=None, record=None, told=None, as_note=False):
        """A new row in the transaction of who asks; after its commit a cron is woken that sends it."""
        database = self._database()
        where = ("discuss.channel", channel.id, "") if channel else (record._name, record.id, self._opaque())
        row = self.sudo().create(
            {
                "kind": kind,
                "text": asked,
                "asker_id": self.env.uid,
                "company_id": self.env.company.id,
                "language": self.env.user.lang or "en_US",
                "conversation": payload.conversation(database, *where),
                "channel_id": channel and channel.id,
                "question_message_id": message,
                "res_model": record is not None and record._name,
                "res_id": record is not None and record.id,
                "record": told,
                "as_note": as_note,
            }
        )
        row._typing()
        self._wake_cron()
        return row

    @api.model
    def _check_may_ask(self):
        """Raises AccessError where this user is not in the group."""
        if not self.env.user.has_group("ringmain.group_ask"):
            raise AccessError(
                self.env._("You are not in the group of those who may ask. An administrator can add you.")
            )

    @api.model
    def _is_set_up(self):
        """Whether the company of this user has an address and a key."""
        company = self.env.company.sudo()
        return bool(company.ringmain_url and company.ringmain_sealed_key)

    @api.model
    def _wake_cron(self):
        self.env.ref("ringmain.cron_asks").sudo()._trigger()

    @api.model
    def _database(self):
        return self.env["ir.config_parameter"].sudo().get_param("database.uuid", "")

    @api.model
    def _opaque(self, user=None):
        """A user's name for the hub, which does not say who it is."""
        secret = self.env["ir.config_parameter"].sudo().get_param("database.secret", "")
        return payload.opaque(secret, self._database(), (user or self.env.user).id)

    def _question(self):
        """This row as what core/payload.py tells a hub or a provider. Needs sudo."""
        return payload.Question(
            ask=self.uuid,
            kind=self.kind,
            text=self.text,
            conversation=self.conversation,
            language=self.language,
            company=str(self.company_id.id),
            user=self._opaque(self.asker_id),
            record=self.record or None,
            settings=self.company_id._ringmain_settings(),
        )

    def _turns(self):
        """The earlier questions of this conversation that were answered, oldest first. Needs sudo.

        One company's do not go to the provider of another.
        """
        same = [("conversation", "=", self.conversation), ("company_id", "=", self.company_id.id)]
        earlier = self.search([*same, ("state", "=", "done"), ("id", "<", self.id)], limit=payload.TURNS)
        said = [(row.text, text.said(row.answer_message_id.body or "")) for row in reversed(earlier)]
        return [payload.Turn(*turn) for turn in said if all(turn)]

    # ── ending ──────────────────────────────────────────────────────────────────────────────────
    def _end(self, reply):
        """Take what the hub or the provider says, post it, and be done: all in this transaction, and once.

        The row must be locked by the caller. Whether this was the end of it is returned.
        """
        self.ensure_one()
        if self.state not in OPEN:
            return False
        reply = payload.storable(reply)
        if reply["state"] == "accepted":
            self.accepted = True
            return False
        notices = [self.notices, *map(str, reply.get("notices") or ())]
        values = payload.accounts(reply) | {"notices": "\n".join(filter(None, notices))}
        if reply["state"] == "done" and str(reply.get("text") or "").strip():
            values |= {"state": "done", "answer_message_id": self._post_answer(reply).id}
        else:
            values |= {"state": "failed", **self._tell_fault(reply)}
        # What was read of the record is not kept longer than it is needed.
        self.write(values | {"ended_at": fields.Datetime.now(), "record": False})
        self._typing()
        return True

    @api.autovacuum
    def _forget(self):
        """Rows older than a year go, with their questions."""
        year_ago = fields.Datetime.subtract(fields.Datetime.now(), years=1)
        self.sudo().search([("create_date", "<", year_ago), ("state", "not in", OPEN)], limit=10_000).unlink()
