# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
# The `_` of this file is the environment's own, which the linter does not see.
# pylint: disable=prefer-env-translation

from markupsafe import Markup
from odoo import models

from ..core import text

QUOTED = 300
EMPTY = {"code": "empty", "sentence": "The model gave an empty answer.", "fix": "Ask in other words."}


class Ask(models.Model):
    """Where an answer goes, and what is said where there is none."""

    _inherit = "ringmain.ask"

    def _in_askers_language(self):
        return self.with_context(lang=self.language)

    def _odoobot(self):
        return self.env.ref("base.partner_root")

    def _typing(self):
        """Show that OdooBot is typing while questions of this channel are open, and stop it after the last."""
        for channel in self.channel_id.sudo():
            bot = channel.channel_member_ids.filtered(lambda member: member.partner_id == self._odoobot())
            waiting = self.sudo().search_count(
                [("channel_id", "=", channel.id), ("state", "in", ("new", "sent"))], limit=1
            )
            bot._notify_typing(is_typing=bool(waiting))

    # ── an answer ───────────────────────────────────────────────────────────────────────────────
    def _post_answer(self, reply):
        """The message with the answer: in the channel, on the record, or to the asker where neither is there."""
        is_markdown = reply.get("format", "markdown") == "markdown"
        # Safe, as core/text.py escapes all that is not a tag of its own.
        body = Markup(text.answer(reply["text"]) if is_markdown else text.plain(reply["text"]))  # noqa: S704
        record = self._record()
        if self.kind != "record":
            quoted = self._quoted() if self.kind == "command" else Markup()
            return self._post_in(
                self.channel_id or self._askers_chat(), quoted + body, reply_to=self.question_message_id
            )
        if self.as_note and record:
            return self._post_on(record, self._quoted() + body)
        return self._post_in(self._askers_chat(), self._quoted(record) + body)

    def _post_in(self, channel, body, reply_to=None):
        return channel.message_post(
            author_id=self._odoobot().id,
            body=body,
            message_type="comment",
            silent=True,
            subtype_xmlid="mail.mt_comment",
            parent_id=bool(reply_to) and channel.channel_type != "chat" and reply_to.id,
        )

    def _post_on(self, record, body):
        """A note on the record; who asked is told that it is there, wherever they are by now."""
        _ = self._in_askers_language().env._
        said = _("OdooBot has answered on %(record)s.", record=record.display_name)
        self.asker_id._bus_send("simple_notification", {"type": "info", "title": "ringmain", "message": said})
        return record.message_post(
            author_id=self._odoobot().id,
            body=body,
            message_type="comment",
            subtype_xmlid="mail.mt_note",
        )

    def _record(self):
        """The record that was asked about, where it is still there and has a chatter."""
        known = self.res_model in self.env and "message_ids" in self.env[self.res_model]._fields
        return self.env[self.res_model].browse(self.res_id).exists() if known else None

    def _askers_chat(self):
        """The chat of the asker with OdooBot."""
        channels = self.env["discuss.channel"].with_user(self.asker_id)
        return channels._get_or_create_chat([self._odoobot().id, self.asker_id.partner_id.id]).sudo()

    def _quoted(self, record=None):
        """Who asked what, above an answer that does not stand below its question."""
        _ = self._in_askers_language().env._
        asked = Markup("<em>%s</em>") % text.shortened(self.text, QUOTED)
        said = _("%(name)s asked: %(question)s", name=self.asker_id.name, question=asked)
        about = Markup("%s<br>") % record._get_html_link() if record else Markup()
        return Markup("<p>%s%s</p>") % (about, said)

    # ── a fault ─────────────────────────────────────────────────────────────────────────────────
    def _tell_fault(self, reply):
        """One polite sentence to who asked, and to nobody else; the reason goes into the log."""
        error = {"code": "unknown", **(reply.get("error") or EMPTY)}
        said = self._polite(error, reply.get("fault"))
        channel = self.channel_id
        if channel and not self._is_with_odoobot(channel):
            self.asker_id._bus_send_transient_message(channel, said)
        else:
            self._post_in(channel or self._askers_chat(), said)
        reason = " ".join(filter(None, [error.get("sentence"), error.get("fix")]))
        return {"fault_code": error["code"], "fault_sentence": reason}

    def _is_with_odoobot(self, channel):
        return channel.channel_type == "chat" and self._odoobot() in channel.channel_member_ids.partner_id

    def _polite(self, error, fault=None):
        """What happened and what to do, in the asker's language."""
        row = self._in_askers_language()
        _ = row.env._
        happened, todo = row._words(error["code"]) or row._foreign_words(error, fault)
        return _("Sorry, I have no answer this time. %(happened)s %(todo)s", happened=happened, todo=todo).strip()

    def _foreign_words(self, error, fault=None):
        """The words of the other side, for what has none of ours; who asks is sent to an administrator, where the
        other side does not say that it is theirs to mend."""
        sentence = self.env["ringmain.settings"]._ringmain_said(fault)[0] if fault else error.get("sentence") or ""
        theirs = error.get("fault") == "asker" and error.get("fix")
        return sentence, theirs or self.env._("Please tell an administrator of your Odoo.")

    def _words(self, code):
        """The two halves of the sentence, or nothing where a fault has none.

        One that an asker can mend by asking otherwise is told apart from one that is in how things are set up.
        """
        _ = self.env._
        later = _("Please ask again in a few minutes.")
        admin = _("Please tell an administrator of your Odoo.")
        shorter = _("Please ask in fewer words.")
        busy = (_("Too many questions are being asked at once."), later)
        late = (_("The answer took too long."), later)
        away = (_("The connection cannot be reached."), later)
        quota = (_("The money for questions is used up."), admin)
        key = (_("The connection does not accept the key of this Odoo."), admin)
        long = (_("The question is too long."), shorter)
        return {
            "busy": busy,
            "rate_limit_exceeded": busy,
            "upstream_rate_limited": busy,
            "hub_overloaded": busy,
            "no_answer_in_time": late,
            "deadline_exceeded": late,
            "unreachable": away,
            "cut": away,
            "hub_error": away,
            "hub_stopping": away,
            "provider_error": (_("The provider of the model has a fault of its own."), later),
            "upstream_error": (_("The provider of the model has a fault of its own."), later),
            "upstream_unreachable": (_("The provider of the model cannot be reached."), later),
            "empty": (_("The model gave an empty answer."), _("Please ask in other words.")),
            "upstream_empty": (_("The model gave an empty answer."), _("Please ask in other words.")),
            "too_long": long,
            "context_length_exceeded": long,
            "quota": quota,
            "insufficient_quota": quota,
            "budget_spent": quota,
            "upstream_quota": quota,
            "invalid_key": key,
            "invalid_api_key": key,
            "upstream_auth": (_("The provider of the model does not accept the key."), admin),
            "account_off": (_("The account of this Odoo is switched off."), admin),
            "not_set_up": (_("ringmain is not set up for your company."), admin),
            "not_known_any_more": (_("The question got lost on its way."), _("Please ask again.")),
        }.get(code)
