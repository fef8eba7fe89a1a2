# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
# The `_` of this file is the environment's own, which the linter does not see.
# pylint: disable=prefer-env-translation

from markupsafe import Markup
from odoo import models

from ..core import payload, text, words

QUOTED = 300
EMPTY = {"code": "empty", "sentence": "The model gave an empty answer.", "fix": "Ask in other words."}


class Ask(models.Model):
    """Where an answer goes, and what is said where there is none."""

    # What is sent and what is posted are two ideas, in a file each.
    _inherit = "ringmain.ask"  # pylint: disable=consider-merging-classes-inherited

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
        row = self._in_askers_language()
        said = row.env._("OdooBot has answered on %(record)s.", record=record.display_name)
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
        row = self._in_askers_language()
        asked = Markup("<em>%s</em>") % text.shortened(self.text, QUOTED)
        said = row.env._("%(name)s asked: %(question)s", name=self.asker_id.name, question=asked)
        about = Markup("%s<br>") % record._get_html_link() if record else Markup()
        # No blockquote: Odoo takes one for the tail of a mail, and folds it away behind three dots.
        return Markup('<p class="%s">%s%s</p>') % (text.ASKED, about, said)

    # ── a fault ─────────────────────────────────────────────────────────────────────────────────
    def _tell_fault(self, reply):
        """One polite sentence to who asked, and to nobody else; the reason goes into the log."""
        error = payload.fault(reply.get("error") or EMPTY)
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
        happened, todo = row._words(error, fault)
        said = row.env._("Sorry, I have no answer this time. %(happened)s %(todo)s", happened=happened, todo=todo)
        return said.strip()

    def _words(self, error, fault):
        """The two halves of the sentence: in our own words, else in those of the other side.

        Who asks is sent to an administrator, where the other side does not say that it is theirs to mend.
        """
        if error["code"] in words.WORDS:
            return tuple(self.env._(text) for text in words.WORDS[error["code"]])
        foreign = self.env["ringmain.settings"]._ringmain_said(fault)[0] if fault else error.get("sentence")
        theirs = error.get("fault") == "asker" and error.get("fix")
        return foreign or "", theirs or self.env._(words.ADMIN)
