# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).

from odoo import models
from odoo.tools.translate import code_translations

from ..core import text

TOUR_STEPS = (
    "onboarding_emoji",
    "onboarding_command",
    "onboarding_ping",
    "onboarding_attachement",
    "onboarding_canned",
)


class MailBot(models.AbstractModel):
    """OdooBot takes the question, and leaves the answer to the cron; its own answers stay where they belong."""

    _inherit = "mail.bot"

    def _get_answer(self, channel, body, values, command=False):
        kind = not command and self._ringmain_kind(channel, values)
        if not kind or (kind == "chat" and self._ringmain_is_odoobots_own(body, values)):
            return super()._get_answer(channel, body, values, command)
        # The body that comes here is lower-cased and has lost its last marks: the message's own is read.
        asked = text.question(str(values.get("body") or ""), without=self.env.ref("base.partner_root").id)
        if not asked:
            return super()._get_answer(channel, body, values, command)
        message = self.env.context.get("ringmain_message_id")
        self.env["ringmain.ask"]._ask(kind, asked, channel=channel, message=message)
        return False

    def _ringmain_kind(self, channel, values):
        """`chat` or `mention` where this user may ask and does ask OdooBot, else False."""
        user, odoobot = self.env.user, self.env.ref("base.partner_root")
        if values.get("author_id") != user.partner_id.id or not user.has_group("ringmain.group_ask"):
            return False
        if channel.channel_type == "chat" and odoobot in channel.sudo().channel_member_ids.partner_id:
            return self.env["ringmain.ask"]._is_set_up() and "chat"
        return odoobot.id in (values.get("partner_ids") or ()) and "mention"

    def _ringmain_is_odoobots_own(self, body, values):
        """Whether a message in the chat belongs to OdooBot's tour: what fits its step always does, and where the
        company does not answer at once, all that is written before the tour's end."""
        state = self.env.user.odoobot_state
        if state not in TOUR_STEPS:
            return self._ringmain_starts_tour(body)
        return not self.env.company.sudo().ringmain_at_once or self._ringmain_fits_tour(state, body, values)

    def _ringmain_starts_tour(self, body):
        """Whether these are the words that OdooBot itself listens to, in the user's language."""
        said = code_translations.get_python_translations("mail_bot", self.env.lang or "en_US")
        return "start the tour" in body or said.get("start the tour", "start the tour").lower() in body

    def _ringmain_fits_tour(self, state, body, values):
        return {
            "onboarding_emoji": lambda: self._body_contains_emoji(body),
            "onboarding_command": lambda: False,
            "onboarding_ping": lambda: self.env.ref("base.partner_root").id in (values.get("partner_ids") or ()),
            "onboarding_attachement": lambda: bool(values.get("attachment_ids")),
            "onboarding_canned": lambda: bool(self.env.context.get("canned_response_ids")),
        }[state]()
