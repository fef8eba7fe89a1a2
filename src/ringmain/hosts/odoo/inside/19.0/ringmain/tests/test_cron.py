# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).

import time
from datetime import timedelta

from odoo import fields
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..models import ask_sending
from .common import AskCase
from .stand_in import CHAT, DONE


@tagged("post_install", "-at_install")
class TestCron(AskCase):
    def failed_reply(self, code="insufficient_quota", fault="admin"):
        return {"state": "failed", "error": {"code": code, "sentence": "No.", "fix": "Do this.", "fault": fault}}

    # ── the way out ─────────────────────────────────────────────────────────────────────────────
    def test_eight_questions_are_on_their_way_at_once(self):
        there = self.connect()
        there.delay_s = 1.0
        users = [self.make_user(f"user{at}", f"User {at}") for at in range(8)]
        for user in users:
            self.post("Hello?", user=user)
        began = time.monotonic()
        self.run_cron()
        self.assertLess(time.monotonic() - began, 4)
        self.assertEqual((there.calls, there.most_at_once), (8, 8))
        for user in users:
            self.assertEqual(len(self.said(self.chat_of(user))), 1)

    def test_a_run_that_sends_no_more_ends_for_the_next_one_to_send(self):
        self.connect()
        self.patch(ask_sending, "longest_run", lambda: 4)
        self.patch(type(self.env["ringmain.ask"]), "_send_new", lambda *args, **kwargs: None)
        self.post("Hello?")
        began = time.monotonic()
        with self.capture_triggers("ringmain.cron_asks") as caught:
            self.run_cron()
        self.assertLess(time.monotonic() - began, 2.8)
        self.assertTrue(caught.records)

    def test_two_posts_are_two_calls(self):
        there = self.connect()
        self.post("One?")
        self.post("Two?")
        self.run_cron()
        self.assertEqual(sorted(body["text"] for body in there.asked), ["One?", "Two?"])
        self.assertEqual(len({body["ask"] for body in there.asked}), 2)

    def test_the_log_has_model_tokens_and_money(self):
        self.connect()
        self.post("Hello?")
        self.run_cron()
        row = self.rows()
        self.assertEqual((row.state, row.model, row.mode), ("done", "gpt-test", "chat"))
        self.assertEqual((row.input_tokens, row.output_tokens, row.cost, row.currency), (31, 212, 0.00041, "USD"))
        self.assertTrue(row.priced and row.ended_at and row.answer_message_id)

    def test_an_unknown_cost_stays_unknown(self):
        there = self.connect()
        there.reply = DONE | {"cost": None, "currency": None}
        self.post("Hello?")
        self.run_cron()
        self.assertFalse(self.rows().priced)

    def test_letters_that_no_database_holds_keep_no_answer_away(self):
        there = self.connect()
        there.reply = DONE | {"text": "Sales\x00, \ud83dNew.", "notices": ["\x00"], "model": "gpt\x00"}
        self.post("Hello?")
        self.run_cron()
        self.assertEqual((self.rows().state, self.said()), ("done", ["<p>Sales\ufffd, \ufffdNew.</p>"]))

    # ── faults are data ─────────────────────────────────────────────────────────────────────────
    def test_each_fault_is_one_polite_sentence_and_a_reason_in_the_log(self):
        there = self.connect()
        cases = {
            "upstream_rate_limited": "Too many questions are being asked at once. Please ask again in a few minutes.",
            "upstream_auth": "The provider of the model does not accept the key. Please tell an administrator",
            "deadline_exceeded": "The answer took too long. Please ask again in a few minutes.",
            "upstream_empty": "The model gave an empty answer. Please ask in other words.",
            "insufficient_quota": "The money for questions is used up. Please tell an administrator",
            "something_new": "No. Please tell an administrator",
        }
        for code, said in cases.items():
            there.reply = self.failed_reply(code)
            self.post("Hello?")
            self.run_cron()
            row = self.rows()[-1]
            self.assertEqual((row.state, row.fault_code, row.fault_sentence), ("failed", code, "No. Do this."))
            self.assertIn("Sorry, I have no answer this time. " + said, self.said()[-1])
        self.assertEqual(len(self.said()), len(cases))
        self.assertTrue(self.cron.active)
        self.assertFalse(self.cron.failure_count)

    def test_a_fault_is_told_in_the_language_of_who_asks(self):
        there = self.connect()
        self.env["res.lang"]._activate_lang("fr_FR")
        self.env["ir.module.module"]._load_module_terms(["ringmain"], ["fr_FR"])
        self.anna.lang = "fr_FR"
        there.reply = self.failed_reply("busy")
        self.post("Bonjour ?")
        self.run_cron()
        self.assertIn("Désolé, je n’ai pas de réponse", self.said()[-1].replace("'", "’"))

    def test_an_empty_answer_is_told_as_one(self):
        there = self.connect()
        there.reply = DONE | {"text": "  "}
        self.post("Hello?")
        self.run_cron()
        self.assertEqual((self.rows().state, self.rows().fault_code), ("failed", "empty"))
        self.assertEqual(self.rows().output_tokens, 212, "an empty answer is paid for, too")
        self.assertIn("empty answer", self.said()[-1])

    def test_in_a_channel_a_fault_is_told_to_the_asker_alone(self):
        there = self.connect()
        there.reply = self.failed_reply()
        channel = self.env["discuss.channel"].with_user(self.anna)._create_channel(name="Room", group_id=None)
        channel.execute_command_ai(body="/ai hello")
        self.env["bus.bus"].search([]).unlink()
        self.run_cron()
        self.assertFalse(self.said(channel))
        told = self.env["bus.bus"].search([]).filtered(lambda bus: "transient_message" in bus.message)
        self.assertEqual(len(told), 1)
        self.assertIn(f'"res.partner",{self.anna.partner_id.id}', told.channel.replace(" ", ""))
        self.assertIn("used up", told.message)

    def test_a_wrong_key_is_told_and_not_tried_again(self):
        there = self.connect()
        there.status, there.reply = 401, {"error": {"code": "invalid_api_key", "sentence": "No.", "fix": "Fix."}}
        self.post("Hello?")
        self.run_cron()
        self.assertEqual(len(there.asked), 1)
        self.assertIn("does not accept the key", self.said()[-1])

    def test_a_hub_that_stumbles_is_asked_again_with_the_same_identifier(self):
        there = self.connect()
        there.status, there.reply = 503, {}
        self.post("Hello?")
        answer_ask = there.answer_ask

        def mended(body):
            said = answer_ask(body)
            there.status, there.reply = 200, DONE
            return said

        there.answer_ask = mended
        self.run_cron()
        self.assertEqual((len(there.asked), len({body["ask"] for body in there.asked}), there.calls), (2, 1, 1))
        self.assertEqual(len(self.said()), 1)

    def test_a_hub_that_stays_away_is_told_in_the_end(self):
        there = self.connect()
        there.shutdown()
        there.server_close()
        self.post("Hello?")
        self.run_cron()
        row = self.rows()
        self.assertEqual(row.state, "new")
        self.assertGreater(row.attempts, 2)
        row.write({"first_sent_at": fields.Datetime.now() - timedelta(seconds=50), "next_try": False})
        self.run_cron()
        self.assertEqual((row.state, row.fault_code), ("failed", "unreachable"))
        self.assertIn("The connection cannot be reached.", self.said()[-1])

    @mute_logger("odoo.addons.ringmain.models.ask_sending")
    def test_a_fault_of_ours_ends_the_row_and_not_the_cron(self):
        self.connect()
        self.post("Hello?")
        self.patch(type(self.env["ringmain.ask"]), "_post_answer", lambda *args: 1 / 0)
        self.run_cron()
        self.assertEqual((self.rows().state, self.rows().fault_code), ("failed", "addon_error"))
        self.assertEqual(len(self.said()), 1)

    # ── after a kill ────────────────────────────────────────────────────────────────────────────
    def test_what_a_killed_cron_had_sent_is_asked_again_and_never_paid_twice(self):
        there = self.connect()
        self.post("Hello?")
        row = self.rows()
        # The hub has taken the question, and the cron was killed before it knew.
        there.known[row.uuid] = DONE | {"ask": row.uuid}
        row.write({"state": "sent", "attempts": 1, "first_sent_at": fields.Datetime.now()})
        self.run_cron()
        self.assertEqual((row.state, there.calls, len(self.said())), ("done", 0, 1))
        self.assertEqual([body["ask"] for body in there.asked], [row.uuid])

    def test_a_hub_that_comes_back_later_than_odoo_is_waited_for(self):
        there = self.connect()
        there.shutdown()
        there.server_close()
        self.post("Hello?")
        row = self.rows()
        long_ago = fields.Datetime.now() - timedelta(minutes=10)
        row.write({"state": "sent", "attempts": 1, "first_sent_at": long_ago, "sent_at": long_ago})
        self.run_cron()
        self.assertEqual((row.state, self.said()), ("new", []))

    def test_a_question_that_is_sent_again_has_the_same_token(self):
        there = self.connect(deliver="callback")
        self.post("Hello?")
        self.run_cron()
        row = self.rows()
        self.assertTrue(row.accepted)
        row.write({"accepted": False})
        self.run_cron()
        first, second = there.asked
        self.assertEqual(first["deliver"], second["deliver"])
        self.assertTrue(row._knows_token(first["deliver"]["token"]))
        self.assertNotIn(first["deliver"]["token"], str(row.read()))

    def test_an_answer_whose_callback_got_lost_is_fetched(self):
        there = self.connect(deliver="callback")
        self.post("Hello?")
        self.run_cron()
        row = self.rows()
        self.assertEqual((row.state, row.accepted, there.looked), ("sent", True, []))
        row.sent_at = fields.Datetime.now() - timedelta(seconds=60)
        self.run_cron()
        self.assertEqual((row.state, there.looked, there.calls, len(self.said())), ("done", [row.uuid], 1, 1))

    def test_what_a_hub_has_accepted_is_not_paid_again_to_a_provider_that_comes_in_its_place(self):
        self.connect(deliver="callback")
        self.post("Hello?")
        self.run_cron()
        self.rows().sent_at = fields.Datetime.now() - timedelta(seconds=60)
        provider = self.connect(way="direct")
        self.run_cron()
        self.assertEqual((self.rows().state, self.rows().fault_code), ("failed", "not_known_any_more"))
        self.assertEqual((provider.calls, len(self.said())), (0, 1))

    def test_a_hub_whose_account_has_lost_this_odoos_address_is_waited_for(self):
        there = self.connect(deliver="callback")
        error = {"code": "invalid_request", "sentence": "Not below it.", "fix": "Set it.", "param": "deliver.to"}
        waited = there.answer_ask
        there.answer_ask = lambda body: waited(body) if body["deliver"]["how"] == "wait" else (422, {"error": error})
        self.post("Hello?")
        self.run_cron()
        self.assertEqual((self.rows().state, self.env.company.ringmain_deliver, there.calls), ("done", "wait", 1))

    def test_a_reply_of_a_strange_form_loses_neither_the_answer_nor_the_cron(self):
        there = self.connect()
        there.reply = lambda body: DONE | {"usage": {"input_tokens": "many", "output_tokens": 2**40}, "model": 7}
        self.post("Hello?")
        self.run_cron()
        self.assertEqual((self.rows().state, self.rows().output_tokens), ("done", 0))
        there.reply = lambda body: {"state": "failed", "error": "boom"}
        self.post("And now?")
        self.run_cron()
        self.assertEqual(self.rows().sorted("id")[-1].fault_code, "unknown")

    def test_a_hub_that_does_not_say_what_it_has_keeps_no_new_question_waiting(self):
        silent = self.connect(deliver="callback")
        for _ in range(ask_sending.THREADS):
            self.post("Hello?")
        self.run_cron()
        self.rows().write({"sent_at": fields.Datetime.now() - timedelta(seconds=60)})
        silent.answer_look = lambda ask: (time.sleep(3), (404, {}))[1]
        second = self.env["res.company"].create({"name": "Second"})
        quick, began, came = self.connect(company=second), time.monotonic(), []
        quick.reply = lambda body: came.append(time.monotonic() - began) or DONE
        ben = self.make_user("ben", "Ben", company_id=second.id, company_ids=[(6, 0, second.ids)])
        self.post("Hello?", user=ben)
        self.run_cron()
        self.assertLess(came[0], 2)

    def test_a_question_that_the_hub_has_lost_is_sent_again(self):
        there = self.connect(deliver="callback")
        self.post("Hello?")
        self.run_cron()
        row = self.rows()
        there.known.clear()
        row.sent_at = fields.Datetime.now() - timedelta(seconds=60)
        self.run_cron()
        self.assertEqual((len(there.asked), row.state, row.accepted), (2, "sent", True))

    def test_a_question_that_gets_no_answer_is_told_so_after_its_deadline(self):
        there = self.connect(deliver="callback")
        self.post("Hello?")
        self.run_cron()
        row = self.rows()
        there.known[row.uuid] = {"state": "accepted", "ask": row.uuid}
        long_ago = fields.Datetime.now() - timedelta(seconds=300)
        row.write({"sent_at": long_ago, "deadline": long_ago + timedelta(seconds=180)})
        self.run_cron()
        self.assertEqual((row.state, row.fault_code), ("failed", "no_answer_in_time"))
        self.assertEqual(len(self.said()), 1)

    # ── without a hub ───────────────────────────────────────────────────────────────────────────
    def direct(self):
        there = self.connect(way="direct")
        there.reply = CHAT
        return there

    def test_a_provider_is_asked_with_the_context_and_the_earlier_turns_of_this_chat(self):
        there = self.direct()
        self.env.company.ringmain_context = "Be kind."
        ben = self.make_user("ben", "Ben")
        self.post("His secret?", user=ben)
        self.post("The first one?")
        self.run_cron()
        self.post("And the second one?")
        self.run_cron()
        said = [(line["role"], line["content"]) for line in there.asked[-1]["messages"]]
        self.assertEqual(
            said,
            [
                ("system", "Be kind."),
                ("user", "The first one?"),
                ("assistant", "Sales → New"),
                ("user", "And the second one?"),
            ],
        )
        self.assertEqual((self.rows()[-1].output_tokens, self.rows()[-1].priced), (212, False))

    def test_what_was_asked_for_another_company_does_not_travel_along(self):
        self.direct()
        self.post("A secret of the first?")
        self.run_cron()
        second = self.env["res.company"].create({"name": "Second"})
        there = self.connect(way="direct", company=second)
        there.reply = CHAT
        self.anna.write({"company_ids": [(4, second.id)]})
        self.post("And the second?", channel=self.chat.with_context(allowed_company_ids=second.ids))
        self.run_cron()
        self.assertEqual(self.rows()[-1].company_id, second)
        self.assertNotIn("secret", str(there.asked))

    def test_a_quoted_question_is_no_part_of_what_was_answered(self):
        there = self.direct()
        self.chat.execute_command_ai(body="/ai The first one?")
        self.run_cron()
        self.post("And the second one?")
        self.run_cron()
        said = [line["content"] for line in there.asked[-1]["messages"][-3:]]
        self.assertEqual(said, ["The first one?", "Sales → New", "And the second one?"])

    def test_a_provider_that_refuses_is_told_politely(self):
        there = self.direct()
        for status, code, said in (
            (401, "invalid_key", "does not accept the key"),
            (429, "busy", "Too many questions"),
        ):
            there.status, there.reply = status, {"error": {"message": "no", "type": "x"}}
            self.post("Hello?")
            self.run_cron()
            self.assertEqual(self.rows()[-1].fault_code, code)
            self.assertIn(said, self.said()[-1])

    def test_a_provider_that_cannot_be_reached_is_not_asked_again(self):
        there = self.direct()
        there.shutdown()
        there.server_close()
        self.post("Hello?")
        self.run_cron()
        self.assertEqual((self.rows().state, self.rows().attempts), ("failed", 1))

    def test_after_a_kill_a_provider_is_asked_once_more_and_the_log_says_what_that_may_cost(self):
        there = self.direct()
        self.post("Hello?")
        row = self.rows()
        row.write({"state": "sent", "attempts": 1})
        self.run_cron()
        self.assertEqual((row.state, there.calls), ("done", 1))
        self.assertIn("paid for", row.notices)
        self.post("Again?")
        row = self.rows()[-1]
        row.write({"state": "sent", "attempts": 2})
        self.run_cron()
        self.assertEqual((row.state, row.fault_code, there.calls), ("failed", "not_known_any_more", 1))

    # ── safe answers ────────────────────────────────────────────────────────────────────────────
    def test_an_answer_shows_lists_links_and_code_and_never_a_script(self):
        there = self.connect()
        there.reply = DONE | {
            "text": "- [docs](https://odoo.com/a)\n- [bad](javascript:alert(1))\n\n`x = 1`\n\n"
            "<script>alert(1)</script> <a href='javascript:x'>y</a> <img src=x onerror=alert(1)>"
        }
        self.post("Hello?")
        self.run_cron()
        body = self.said()[-1]
        self.assertIn('<a href="https://odoo.com/a"', body)
        self.assertIn("<ul><li>", body)
        self.assertIn("<code>x = 1</code>", body)
        self.assertIn("&lt;script&gt;", body)
        self.assertNotIn("<script", body)
        self.assertNotIn("<img", body)
        self.assertNotIn('href="javascript', body)
