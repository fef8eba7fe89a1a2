# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).

from contextlib import nullcontext

from markupsafe import Markup
from odoo.addons.base.tests.test_ir_cron import CronMixinCase
from odoo.tests import HttpCase, TransactionCase, new_test_user

from .stand_in import StandIn


class AskMixin(CronMixinCase):
    """A company that is set up, somebody who may ask, and her chat with OdooBot."""

    @classmethod
    def make_asking(cls):
        cls.cron = cls.env.ref("ringmain.cron_asks")
        cls.odoobot = cls.env.ref("base.partner_root")
        cls.env["ringmain.ask"].search([]).unlink()
        cls.env["ringmain.ask.target"].search([]).unlink()
        cls.anna = cls.make_user("anna", "Anna")
        cls.chat = cls.chat_of(cls.anna)

    @classmethod
    def make_user(cls, login, name, groups="base.group_user,ringmain.group_ask", **values):
        user = new_test_user(cls.env, login, groups=groups, name=name, **values)
        if "ringmain.group_ask" not in groups:
            user.write({"group_ids": [(3, cls.env.ref("ringmain.group_ask").id)]})
        user.odoobot_state = "idle"
        return user

    @classmethod
    def chat_of(cls, user):
        partners = [cls.odoobot.id, user.partner_id.id]
        return cls.env["discuss.channel"].with_user(user)._get_or_create_chat(partners)

    def connect(self, way="hub", deliver="wait", company=None):
        """A stand-in for the hub or the provider, and a company that is set up to ask it."""
        there = StandIn()
        self.addCleanup(there.server_close)
        self.addCleanup(there.shutdown)
        company = company or self.env.company
        company.write(
            {
                "ringmain_way": way,
                "ringmain_url": there.url,
                "ringmain_sealed_key": company._ringmain_seal("key", there.url),
                "ringmain_deliver": deliver,
                "ringmain_model": "gpt-test",
            }
        )
        return there

    def post(self, body, user=None, channel=None, **values):
        """A message as the composer sends it."""
        user = user or self.anna
        channel = (channel or self.chat_of(user)).with_user(user)
        return channel.message_post(
            body=Markup(body), message_type="comment", subtype_xmlid="mail.mt_comment", **values
        )

    def rows(self):
        return self.env["ringmain.ask"].sudo().search([], order="id")

    def said(self, channel=None):
        """The bodies of OdooBot's messages in a channel, oldest first."""
        channel = (channel or self.chat).sudo()
        messages = channel.message_ids.filtered(lambda message: message.author_id == self.odoobot)
        return messages.sorted("id").mapped("body")

    def run_cron(self):
        """The cron as Odoo runs it; what it commits becomes a savepoint of this test."""
        with self.in_test_mode():
            self.assertIs(self.cron.with_user(self.env.ref("base.user_admin")).method_direct_trigger(), True)
        self.env.invalidate_all()

    def in_test_mode(self):
        """What lets a cron commit within a test; an HttpCase is in it from its start."""
        return nullcontext() if isinstance(self, HttpCase) else self.enter_registry_test_mode()


class AskCase(AskMixin, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_asking()
