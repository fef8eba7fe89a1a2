# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).

from odoo import models

from ..core import text


class DiscussChannel(models.Model):
    """Where OdooBot may be asked: by a mention in any channel, and with `/ai`."""

    _inherit = "discuss.channel"

    def _get_allowed_message_partner_ids(self, partner_ids):
        """OdooBot may be mentioned wherever who may ask is; Odoo lets only members of the channel's group be."""
        allowed = super()._get_allowed_message_partner_ids(partner_ids)
        odoobot = self.env["ir.model.data"]._xmlid_to_res_id("base.partner_root")
        wanted = odoobot in partner_ids and odoobot not in allowed
        return [*allowed, odoobot] if wanted and self.env.user.has_group("ringmain.group_ask") else allowed

    def _message_post_after_hook(self, message, msg_vals):
        """What OdooBot is asked knows its message, so that the answer can point back to it."""
        asking = self.with_context(ringmain_message_id=message.id)
        return super(DiscussChannel, asking)._message_post_after_hook(message, msg_vals)

    def _add_members(self, *, partners=None, **kwargs):
        """OdooBot answers a mention in a thread without becoming a member of it, whom Odoo would invite."""
        if partners and self.env.context.get("ringmain_message_id"):
            partners -= self.env.ref("base.partner_root")
        return super()._add_members(partners=partners, **kwargs)

    def execute_command_ai(self, **kwargs):
        """Ask what stands after `/ai`. The line is not posted as a message; the answer quotes it."""
        self.ensure_one()
        self.check_access("read")
        self.env["ringmain.ask"]._check_may_ask()
        asked = text.command(str(kwargs.get("body") or ""))
        if asked:
            self.env["ringmain.ask"]._ask("command", asked, channel=self)
            said = self.env._("Asked: %(question)s", question=text.shortened(asked, 300))
        else:
            said = self.env._("Write your question after /ai, such as: /ai How do I make a quotation?")
        self.env.user._bus_send_transient_message(self, said)
