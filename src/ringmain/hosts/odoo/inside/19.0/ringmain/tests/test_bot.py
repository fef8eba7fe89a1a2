# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).

from odoo.exceptions import AccessError
from odoo.tests import tagged

from .common import AskCase


@tagged("post_install", "-at_install")
class TestBot(AskCase):
    def mention(self, text="how do I make a quotation?"):
        link = f'<a href="#" data-oe-id="{self.odoobot.id}" data-oe-model="res.partner">@OdooBot</a>'
        return f"<p>{link} {text}</p>"

    def test_a_question_in_the_chat_is_a_row_and_wakes_the_cron(self):
        self.connect()
        with self.capture_triggers("ringmain.cron_asks") as caught:
            message = self.post("<p>How do I make a <b>Quotation</b>?</p>")
        row = self.rows()
        self.assertEqual((row.kind, row.state, row.text), ("chat", "new", "How do I make a Quotation?"))
        self.assertEqual((row.asker_id, row.company_id, row.channel_id), (self.anna, self.anna.company_id, self.chat))
        self.assertEqual(row.question_message_id, message)
        self.assertEqual(len(caught.records), 1)
        self.assertFalse(self.said(), "OdooBot says nothing by itself")

    def test_a_question_shows_that_odoobot_types_and_the_answer_ends_it(self):
        self.connect()
        typing = self.noted_typing()
        self.post("Hello?")
        self.run_cron()
        self.assertEqual(typing, [True, False])

    def test_the_answer_is_odoobots_and_asks_nothing(self):
        there = self.connect()
        self.post("Hello?")
        self.run_cron()
        self.run_cron()
        self.assertEqual(self.said(), ["<p><strong>Sales</strong> → New</p>"])
        self.assertEqual((there.calls, len(self.rows())), (1, 1))

    def test_a_mention_in_a_channel_is_answered_there_below_the_question(self):
        self.connect()
        channel = self.env["discuss.channel"].with_user(self.anna)._create_channel(name="Room", group_id=None)
        question = self.post(self.mention(), channel=channel, partner_ids=[self.odoobot.id])
        self.run_cron()
        answer = channel.sudo().message_ids.filtered(lambda message: message.author_id == self.odoobot)
        self.assertEqual((answer.body, answer.parent_id), ("<p><strong>Sales</strong> → New</p>", question))
        self.assertEqual((self.rows().kind, self.rows().text), ("mention", "how do I make a quotation?"))

    def test_a_mention_reaches_odoobot_in_a_channel_of_a_group(self):
        channel = (
            self.env["discuss.channel"]
            .with_user(self.anna)
            ._create_channel(name="Room", group_id=self.env.ref("base.group_user").id)
        )
        self.post(self.mention(), channel=channel, partner_ids=[self.odoobot.id])
        self.assertEqual(self.rows().kind, "mention")

    def test_a_mention_in_a_thread_of_a_channel_is_answered_in_the_thread(self):
        self.connect()
        channel = self.env["discuss.channel"].with_user(self.anna)._create_channel(name="Room", group_id=None)
        thread = channel._create_sub_channel(name="Thread")
        self.post(self.mention(), channel=thread, partner_ids=[self.odoobot.id])
        self.run_cron()
        self.assertEqual(self.said(thread)[-1:], ["<p><strong>Sales</strong> → New</p>"])
        self.assertFalse(self.said(channel))
        self.assertNotIn(self.odoobot, thread.sudo().channel_member_ids.partner_id)

    def test_talk_in_a_channel_without_a_mention_asks_nothing(self):
        self.connect()
        channel = self.env["discuss.channel"].with_user(self.anna)._create_channel(name="Room", group_id=None)
        self.post("OdooBot, are you there?", channel=channel)
        self.assertFalse(self.rows())

    def test_a_command_is_answered_with_its_question_quoted(self):
        self.connect()
        channel = self.env["discuss.channel"].with_user(self.anna)._create_channel(name="Room", group_id=None)
        channel.execute_command_ai(body="/ai what is <b>new</b>?")
        self.run_cron()
        self.assertEqual(self.rows().text, "what is <b>new</b>?")
        (answer,) = self.said(channel)
        self.assertIn("Anna asked: <em>what is &lt;b&gt;new&lt;/b&gt;?</em></p>", answer)
        # Odoo folds away what it marks so, and nobody would see the question.
        self.assertNotIn("data-o-mail-quote", answer)
        self.assertIn("<strong>Sales</strong>", answer)

    def test_a_command_without_a_question_asks_nothing(self):
        self.chat.execute_command_ai(body="/ai ")
        self.assertFalse(self.rows())

    def test_a_command_in_a_channel_out_of_reach_is_refused(self):
        ben = self.make_user("ben", "Ben")
        with self.assertRaises(AccessError):
            self.chat_of(ben).with_user(self.anna).execute_command_ai(body="/ai hello")
        self.assertFalse(self.rows())

    def test_without_the_group_odoobot_is_as_it_was(self):
        self.connect()
        carl = self.make_user("carl", "Carl", groups="base.group_user")
        self.post("How do I make a quotation?", user=carl)
        self.assertIn("just a bot", self.said(self.chat_of(carl))[-1])
        with self.assertRaises(AccessError):
            self.chat_of(carl).with_user(carl).execute_command_ai(body="/ai hello")
        self.assertFalse(self.rows())

    def test_a_company_that_is_not_set_up_leaves_the_chat_to_odoobot_and_says_so_where_it_is_called(self):
        self.env.company.ringmain_url = False
        self.post("How do I make a quotation?")
        self.assertIn("just a bot", self.said()[-1])
        self.chat.execute_command_ai(body="/ai hello")
        self.run_cron()
        self.assertIn("ringmain is not set up", self.said()[-1])
        self.assertEqual((self.rows().state, self.rows().fault_code), ("failed", "not_set_up"))

    def test_each_ones_company_decides_what_is_asked(self):
        other = self.env["res.company"].create({"name": "Other"})
        here, there = self.connect(), self.connect(company=other)
        other.ringmain_model = "gpt-other"
        dora = self.make_user("dora", "Dora", company_id=other.id, company_ids=[(6, 0, other.ids)])
        self.post("Here?")
        self.post("There?", user=dora)
        self.run_cron()
        self.assertEqual([body["settings"]["model"] for body in here.asked + there.asked], ["gpt-test", "gpt-other"])
        self.assertEqual([body["text"] for body in there.asked], ["There?"])

    def test_the_hub_learns_the_language_and_not_who_asks(self):
        there = self.connect()
        self.env["res.lang"]._activate_lang("fr_FR")
        self.anna.lang = "fr_FR"
        self.post("Bonjour ?")
        self.run_cron()
        (body,) = there.asked
        self.assertEqual((body["kind"], body["text"], body["language"]), ("chat", "Bonjour ?", "fr_FR"))
        database = self.env["ir.config_parameter"].sudo().get_param("database.uuid")
        self.assertEqual(body["conversation"], f"odoo:{database}:discuss.channel:{self.chat.id}")
        self.assertNotIn("Anna", str(body))
        self.assertNotEqual(body["user"], str(self.anna.id))

    # ── OdooBot's own tour ──────────────────────────────────────────────────────────────────────
    def walk_tour(self):
        """The steps of the tour, each answered by OdooBot itself."""
        self.anna.odoobot_state = "not_initialized"
        self.anna.with_user(self.anna)._init_odoobot()
        self.post("hello 😊")
        self.chat.execute_command_help()
        self.post(self.mention(""), partner_ids=[self.odoobot.id])
        file = (
            self.env["ir.attachment"]
            .with_user(self.anna)
            .create({"datas": "bWlncmF0aW9u", "name": "dog.txt", "res_model": "mail.compose.message"})
        )
        self.post("", attachment_ids=file.ids)
        self.post("Thanks", channel=self.chat.with_context(canned_response_ids=[1]))

    def test_the_tour_works_to_its_end(self):
        self.connect()
        for at_once in (False, True):
            self.env.company.ringmain_at_once = at_once
            self.walk_tour()
            self.assertEqual(self.anna.odoobot_state, "idle")
            self.post("start the tour")
            self.assertEqual(self.anna.odoobot_state, "onboarding_emoji")
        self.assertFalse(self.rows())

    def test_what_does_not_fit_the_tour_is_answered_where_the_company_answers_at_once(self):
        self.connect()
        self.anna.odoobot_state = "onboarding_emoji"
        self.env.company.ringmain_at_once = False
        self.post("How do I make a quotation?")
        self.assertFalse(self.rows())
        self.env.company.ringmain_at_once = True
        self.post("How do I make a quotation?")
        self.assertEqual(len(self.rows()), 1)
        self.assertEqual(self.anna.odoobot_state, "onboarding_emoji")

    # ── the log ─────────────────────────────────────────────────────────────────────────────────
    def test_the_log_shows_the_text_to_its_asker_and_what_it_costs_to_who_configures(self):
        self.connect()
        ben = self.make_user("ben", "Ben")
        boss = self.make_user("boss", "Boss", groups="base.group_user,ringmain.group_configure")
        self.post("Mine?")
        self.post("His?", user=ben)
        self.run_cron()
        seen = {
            user: self.env["ringmain.ask"].with_user(user).search([], order="id").mapped("question")
            for user in (self.anna, ben, boss)
        }
        self.assertEqual(seen, {self.anna: ["Mine?"], ben: ["His?"], boss: [False, False]})
        asks = self.env["ringmain.ask"].with_user(boss).search([])
        self.assertEqual(asks.mapped("output_tokens"), [212, 212])
        self.assertEqual(asks.mapped("cost"), [0.00041, 0.00041])

    def test_nobody_reads_the_text_of_others_over_rpc(self):
        self.connect()
        self.post("Mine?")
        admin = self.env["ringmain.ask"].with_user(self.env.ref("base.user_admin"))
        for field in ("text", "record", "token_digest", "conversation", "channel_id", "answer_message_id"):
            with self.assertRaises(AccessError):
                admin.search([]).read([field])
            with self.assertRaises(AccessError):
                admin.search([(field, "=", "Mine?")])

    def test_nobody_writes_the_log(self):
        self.connect()
        self.post("Mine?")
        row = self.rows().with_user(self.anna)
        for change in (lambda: row.write({"state": "done"}), row.unlink, lambda: row.create({"kind": "chat"})):
            with self.assertRaises(AccessError):
                change()

    def noted_typing(self):
        """What the members of channels are told of typing from here on."""
        told = []
        member = type(self.env["discuss.channel.member"])
        notify = member._notify_typing

        def noted(members, is_typing):
            told.extend([is_typing] * bool(members))
            return notify(members, is_typing)

        self.patch(member, "_notify_typing", noted)
        return told
