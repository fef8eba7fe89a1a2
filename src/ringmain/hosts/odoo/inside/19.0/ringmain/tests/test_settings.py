# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).

import time

from odoo.exceptions import AccessError, ValidationError
from odoo.modules.neutralize import get_neutralization_queries
from odoo.tests import Form, HttpCase, TransactionCase, new_test_user, tagged

from ..core.faults import Fault
from .other_side import KEY, OtherSide

GOOD = ("success", "", "Test success! Everything properly set up! You're good to go!")


class WithOtherSide(TransactionCase):
    """A page of settings, and the other side of the connection on a socket."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.env.company
        fresh = cls.company.default_get(cls.env["ringmain.settings"]._ringmain_names())
        # As it was installed, whatever this database is set to.
        cls.company.sudo().write(
            {"ringmain_url": False, "ringmain_model": False, "ringmain_sealed_key": False, **fresh}
        )
        cls.other = OtherSide()
        cls.addClassCleanup(cls.other.close)

    def setUp(self):
        super().setUp()
        self.other.calls.clear()
        self.other.answers.clear()

    def page(self, **values):
        """What the page's first request makes: a row of what is typed."""
        return self.env["res.config.settings"].create({f"ringmain_{name}": value for name, value in values.items()})

    def save(self, **values):
        self.page(**values).execute()

    def set_up(self, **values):
        self.save(**{"way": "hub", "url": self.other.url, "key": KEY, **values})

    def notice(self, action):
        params = action["params"]
        dot = "" if params["type"] == "success" else "."
        return params["type"], f"{params['title']}{dot}", params["message"]

    def found(self, text):
        """The columns of this database in which a text stands."""
        self.env.flush_all()
        self.env.cr.execute(
            "SELECT c.table_name, c.column_name FROM information_schema.columns c "
            "JOIN information_schema.tables t USING (table_schema, table_name) "
            "WHERE c.table_schema = 'public' AND t.table_type = 'BASE TABLE' "
            "AND c.data_type IN ('text', 'character varying', 'jsonb', 'json', 'bytea')"
        )
        return [(table, column) for table, column in self.env.cr.fetchall() if self._stands_in(table, column, text)]

    def _stands_in(self, table, column, text):
        self.env.cr.execute(f'SELECT 1 FROM "{table}" WHERE "{column}"::text LIKE %s LIMIT 1', [f"%{text}%"])
        return bool(self.env.cr.fetchone())


@tagged("post_install", "-at_install")
class TestConnection(WithOtherSide):
    def test_a_wrong_key_that_is_typed_is_named_and_the_stored_one_stays(self):
        self.set_up()
        stored = self.company.sudo().ringmain_sealed_key
        kind, sentence, fix = self.notice(self.page(key="wrong").ringmain_test())
        self.assertEqual((kind, sentence), ("danger", "The hub does not know this key."))
        self.assertIn("ringmain hosts add odoo", fix)
        self.assertEqual(self.company.sudo().ringmain_sealed_key, stored)

    def test_a_key_that_was_tried_and_is_wrong_is_not_saved_afterwards(self):
        self.set_up()
        page = self.page(key="wrong", max_tokens=400)
        self.assertEqual(page.ringmain_key_state, "typed")
        page.ringmain_test()
        self.assertEqual(page.ringmain_key_state, "kept")
        page.execute()
        self.assertEqual(self.notice(self.page().ringmain_test()), GOOD)

    def test_a_right_key_that_is_typed_and_not_saved_is_good_to_go(self):
        page = self.page(url=self.other.url, key=KEY)
        self.assertEqual(self.notice(page.ringmain_test()), GOOD)
        self.assertFalse(self.company.ringmain_url)
        self.assertFalse(self.company.sudo().ringmain_sealed_key)

    def test_where_the_hub_cannot_call_back_a_test_says_why_and_stays_to_be_read(self):
        why = "Odoo waits for its answers itself."
        waits = {"ok": True, "checks": [], "callback": "unreachable", "callback_sentence": why}
        self.other.answers["/hosts/odoo/check"] = (200, waits)
        action = self.page(url=self.other.url, key=KEY).ringmain_test()
        self.assertEqual(self.notice(action), ("success", "", f"{GOOD[2]} {why}"))
        self.assertTrue(action["params"]["sticky"])

    def test_what_was_tried_can_be_saved_after_it(self):
        page = self.page(url=self.other.url, key=KEY)
        page.ringmain_test()
        page.execute()
        self.assertEqual(self.company.ringmain_url, self.other.url)
        self.assertEqual(self.company.ringmain_deliver, "callback")
        self.assertEqual(self.notice(self.page().ringmain_test()), GOOD)

    def test_the_key_is_never_shown_again_and_the_rest_is(self):
        self.set_up(model="gpt-4o-mini", max_tokens=450)
        page = self.page()
        self.assertFalse(page.ringmain_key)
        self.assertEqual(page.ringmain_key_state, "kept")
        self.assertEqual((page.ringmain_model, page.ringmain_max_tokens), ("gpt-4o-mini", 450))
        self.assertEqual(page.ringmain_url, self.other.url)

    def test_a_page_that_is_saved_without_a_key_keeps_the_key(self):
        self.set_up()
        self.save(max_tokens=400)
        self.assertEqual(self.notice(self.page().ringmain_test()), GOOD)

    def test_the_key_stands_nowhere_in_the_database(self):
        with self.assertLogs(level="DEBUG") as logs:
            page = self.page(url=self.other.url, key=KEY)
            page.ringmain_test()
            page.execute()
        tried = self.page(key=KEY)
        self.assertFalse(self.found(KEY))
        self.assertTrue(tried.sudo().ringmain_typed_key)
        self.assertFalse([line for line in logs.output if KEY in line])
        self.assertIn(("res_company", "ringmain_sealed_key"), self.found(self.company.sudo().ringmain_sealed_key))

    def test_the_search_for_the_key_would_find_it(self):
        self.env["ir.config_parameter"].set_param("ringmain.test", f"so {KEY} so")
        self.assertEqual(self.found(KEY), [("ir_config_parameter", "value")])

    def test_a_key_does_not_go_along_to_another_address(self):
        self.set_up()
        elsewhere = OtherSide()
        self.addCleanup(elsewhere.close)
        page = self.page(url=elsewhere.url)
        _kind, sentence, fix = self.notice(page.ringmain_test())
        self.assertIn("another address", sentence)
        self.assertEqual(fix, "Enter the key again.")
        with self.assertRaisesRegex(ValidationError, "another address"):
            page.execute()
        self.assertFalse(elsewhere.calls)

    def test_a_path_or_a_slash_more_keeps_the_key(self):
        self.set_up()
        self.assertEqual(self.notice(self.page(url=f"{self.other.url}/").ringmain_test()), GOOD)

    def test_an_address_that_is_emptied_takes_the_key_away(self):
        self.set_up()
        self.save(url=False)
        self.assertFalse(self.company.sudo().ringmain_sealed_key)
        self.assertEqual(self.page().ringmain_key_state, "none")

    def test_a_key_that_was_sealed_with_another_secret_is_asked_for_again(self):
        self.set_up()
        with self.secret("another secret, of forty characters or so"):
            _kind, sentence, fix = self.notice(self.page().ringmain_test())
        self.assertIn("sealed with another secret", sentence)
        self.assertEqual(fix, "Enter the key again.")

    def test_the_secret_of_the_environment_wins_over_the_file(self):
        with self.secret("a secret of the environment, long enough"):
            self.set_up()
            self.assertEqual(self.notice(self.page().ringmain_test()), GOOD)
        self.assertIn("sealed with another secret", self.notice(self.page().ringmain_test())[1])

    def test_the_secret_of_the_configuration_wins_over_the_file(self):
        self.patch_option("ringmain_secret", "a secret of the configuration, long enough")
        self.set_up()
        self.patch_option("ringmain_secret", False)
        self.assertIn("sealed with another secret", self.notice(self.page().ringmain_test())[1])

    def test_a_secret_that_could_be_guessed_is_refused(self):
        with self.secret("short"), self.assertRaisesRegex(ValidationError, "at least 32"):
            self.page(url=self.other.url, key=KEY)

    def test_the_secrets_file_is_only_for_this_servers_user(self):
        self.set_up()
        file = self.company._ringmain_secret_file()
        self.assertEqual(file.stat().st_mode & 0o777, 0o600)
        self.assertNotIn("filestore", str(file))

    def test_a_hub_that_is_down_is_named_with_the_fix_within_ten_seconds(self):
        gone = OtherSide()
        gone.close()
        began = time.monotonic()
        kind, sentence, fix = self.notice(self.page(url=gone.url, key=KEY).ringmain_test())
        self.assertLess(time.monotonic() - began, 10)
        self.assertEqual((kind, sentence), ("danger", f"Nothing answers at {gone.url}."))
        self.assertIn("Check the address", fix)

    def test_what_answers_and_is_no_hub_is_named(self):
        self.other.answers["/hosts/odoo/check"] = (200, ["something else"])
        _kind, sentence, _fix = self.notice(self.page(url=self.other.url, key=KEY).ringmain_test())
        self.assertEqual(sentence, f"What answers at {self.other.url} is not a ringmain hub.")

    def test_the_first_check_that_fails_is_shown_with_its_fix(self):
        checks = [
            {"name": "key", "ok": True, "sentence": "The key is known.", "fix": ""},
            {"name": "organization", "ok": None, "sentence": "None is set.", "fix": ""},
            {"name": "budget", "ok": False, "sentence": "The budget is spent.", "fix": "Raise it."},
            {"name": "model", "ok": False, "sentence": "No such model.", "fix": "Pick one."},
        ]
        self.other.answers["/hosts/odoo/check"] = (200, {"ok": False, "checks": checks, "callback": "unreachable"})
        self.set_up()
        self.assertEqual(self.notice(self.page().ringmain_test()), ("danger", "The budget is spent.", "Raise it."))

    def test_plain_http_to_another_machine_needs_a_confirmation(self):
        address = "http://ringmain.example.com"
        with self.assertRaisesRegex(ValidationError, "not encrypted"):
            self.save(url=address, key=KEY)
        self.save(url=address, key=KEY, plain_http=True)
        self.assertEqual(self.company.ringmain_url, address)

    def test_what_is_no_address_is_refused(self):
        for address in (
            "ringmain",
            "ftp://a.example",
            "https://",
            "https://me:secret@a.example",
            "https://a.example:x",
        ):
            with self.subTest(address), self.assertRaisesRegex(ValidationError, "is not an address"):
                self.save(url=address, key=KEY)

    def test_nothing_set_up_says_where_to_set_it_up(self):
        said = self.notice(self.page(url=self.other.url).ringmain_test())
        self.assertEqual(said, ("danger", "The address or the key is missing.", "Enter both."))
        with self.assertRaises(Fault) as refused:
            self.company._ringmain_client()
        self.assertEqual(refused.exception.code, "not_set_up")
        self.assertIn("Settings", refused.exception.fix)

    def test_the_check_names_where_to_call_back_and_decides_how_answers_come(self):
        self.set_up()
        self.assertEqual(self.company.ringmain_deliver, "wait")
        self.page().ringmain_test()
        self.assertEqual(self.company.ringmain_deliver, "callback")
        body = next(body for _method, path, body in self.other.calls if path == "/hosts/odoo/check")
        self.assertEqual(body["callback"], f"{self.company.get_base_url()}/ringmain/ping")
        self.other.answers["/hosts/odoo/check"] = (200, {"ok": True, "checks": [], "callback": "unreachable"})
        self.page().ringmain_test()
        self.assertEqual(self.company.ringmain_deliver, "wait")

    def test_a_provider_without_a_hub_is_tried_by_its_list_of_models(self):
        page = self.page(way="direct", url=f"{self.other.url}/v1", key=KEY, model="gpt-4o-mini")
        self.assertEqual(self.notice(page.ringmain_test()), GOOD)
        page.ringmain_model = "gpt-of-nobody"
        self.assertEqual(self.notice(page.ringmain_test())[1], "The provider has no model 'gpt-of-nobody'.")

    def test_a_copy_for_tests_asks_nobody(self):
        self.set_up()
        self.env.flush_all()
        (query,) = get_neutralization_queries(["ringmain"])
        self.env.cr.execute(query)
        self.env.invalidate_all()
        with self.assertRaises(Fault) as refused:
            self.company._ringmain_client()
        self.assertEqual(refused.exception.code, "not_set_up")

    def test_direct_offers_the_address_of_openai(self):
        page = Form(self.env["res.config.settings"])
        page.ringmain_way = "direct"
        self.assertEqual(page.ringmain_url, "https://api.openai.com/v1")
        page.ringmain_way = "hub"
        self.assertFalse(page.ringmain_url)

    def secret(self, text):
        return self.patched_environment("RINGMAIN_ODOO_SECRET_KEY", text)

    def patched_environment(self, name, text):
        from unittest.mock import patch

        return patch.dict("os.environ", {name: text})

    def patch_option(self, name, value):
        from odoo.tools import config

        before = config.options.get(name)
        config.options[name] = value
        self.addCleanup(config.options.__setitem__, name, before)


@tagged("post_install", "-at_install")
class TestModelAndParameters(WithOtherSide):
    def test_a_fresh_company_has_few_tokens_a_prefix_and_a_context(self):
        fresh = self.env["res.company"].create({"name": "Fresh"})
        self.assertEqual((fresh.ringmain_max_tokens, fresh.ringmain_prompt_prefix), (150, "In Odoo: "))
        self.assertIn("Odoo", fresh.ringmain_context)
        self.assertIn("400–500", self.env.ref("ringmain.res_config_settings_view_form").arch)

    def test_only_what_is_filled_in_is_sent(self):
        self.set_up(model="gpt-4o-mini", temperature="", max_tokens=0, context="")
        self.assertEqual(self.company._ringmain_settings(), {"model": "gpt-4o-mini", "mode": "chat"})

    def test_a_prefix_and_a_suffix_are_sent_exactly_and_only_with_completion(self):
        self.set_up(
            method="completion", model="gpt-3.5-turbo-instruct", prompt_prefix="In Odoo 19: ", prompt_suffix="  ."
        )
        settings = self.company._ringmain_settings()
        self.assertEqual((settings["prompt_prefix"], settings["prompt_suffix"]), ("In Odoo 19: ", "  ."))
        self.assertNotIn("context", settings)
        self.save(method="chat", model="gpt-4o-mini")
        self.assertNotIn("prompt_prefix", self.company._ringmain_settings())

    def test_parameters_are_numbers_within_their_range(self):
        self.set_up(temperature="0,5", top_p="1", presence_penalty="-2", frequency_penalty="0")
        self.assertEqual(
            self.company._ringmain_settings()["parameters"],
            {"temperature": 0.5, "top_p": 1.0, "presence_penalty": -2.0, "frequency_penalty": 0.0, "max_tokens": 150},
        )
        for name, text in (("temperature", "2.1"), ("top_p", "much"), ("presence_penalty", "nan"), ("max_tokens", -1)):
            with self.subTest(name), self.assertRaises(ValidationError):
                self.save(**{name: text})

    def test_a_model_and_a_method_that_do_not_fit_are_refused_with_the_pair_that_works(self):
        self.set_up()
        with self.assertRaisesRegex(ValidationError, "'gpt-3.5-turbo-instruct' with Completion"):
            self.save(model="gpt-3.5-turbo-instruct", method="chat")
        self.assertFalse(self.company.ringmain_model)

    def test_a_provider_is_asked_for_no_completion_of_a_chat_model(self):
        self.set_up(way="direct", url=f"{self.other.url}/v1")
        with self.assertRaisesRegex(ValidationError, "'gpt-4o-mini' with Chat Completion") as refused:
            self.save(model="gpt-4o-mini", method="completion")
        self.assertIn("'gpt-3.5-turbo-instruct' with Completion", str(refused.exception))

    def test_pairs_that_fit_are_kept(self):
        self.set_up()
        fitting = (
            ("gpt-4o-mini", "chat"),
            ("gpt-4o-mini", "completion"),  # which the hub makes of a chat
            ("gpt-3.5-turbo-instruct", "completion"),
            ("my-own", "chat"),
        )
        for model, method in fitting:
            self.save(model=model, method=method)
            self.assertEqual((self.company.ringmain_model, self.company.ringmain_method), (model, method))

    def test_what_openai_is_known_for_is_refused_while_the_hub_is_down_too(self):
        self.set_up()
        self.other.answers["/hosts/odoo/models"] = (503, {})
        with self.assertRaises(ValidationError):
            self.save(model="text-davinci-003", method="chat")
        self.save(model="text-davinci-003", method="completion")

    def test_the_table_of_models_has_prices_window_and_method_and_no_embeddings(self):
        self.set_up()
        lines = self.pick_from(self.page()).line_ids
        self.assertEqual(lines.mapped("name"), ["gpt-4o-mini", "gpt-3.5-turbo-instruct"])
        first, second = lines
        self.assertEqual((first.input_price, first.output_price, first.context_window), (0.15, 0.6, 128000))
        self.assertEqual((first.method, second.method), ("Chat Completion", "Completion"))
        self.assertEqual((first.retires, second.retires), (False, "2027-09-28"))

    def test_ok_writes_the_model_and_reloads(self):
        self.set_up()
        wizard = self.pick_from(self.page())
        wizard.line_id = wizard.line_ids[0]
        self.assertEqual(wizard.pick(), {"type": "ir.actions.client", "tag": "reload"})
        self.assertEqual(self.company.ringmain_model, "gpt-4o-mini")

    def test_a_model_that_is_picked_brings_its_method_and_what_was_typed_along(self):
        wizard = self.pick_from(self.page(url=self.other.url, key=KEY))
        wizard.line_ids[1].pick()
        self.assertEqual(self.company.ringmain_model, "gpt-3.5-turbo-instruct")
        self.assertEqual(self.company.ringmain_method, "completion")
        self.assertEqual(self.notice(self.page().ringmain_test()), GOOD)

    def test_a_provider_offers_ids_without_prices(self):
        page = self.page(way="direct", url=f"{self.other.url}/v1", key=KEY)
        lines = self.pick_from(page).line_ids
        self.assertEqual(lines.mapped("name"), ["gpt-3.5-turbo-instruct", "gpt-4o-mini"])
        self.assertFalse(any(lines.mapped("priced")))

    def test_models_that_cannot_be_read_are_said_to_be_so(self):
        action = self.page(url=self.other.url, key="wrong").ringmain_pick_model()
        self.assertEqual(self.notice(action)[1], "The hub does not know this key.")

    def pick_from(self, page):
        action = page.ringmain_pick_model()
        return self.env[action["res_model"]].browse(action["res_id"])


@tagged("post_install", "-at_install")
class TestWhoSeesWhat(WithOtherSide):
    def test_an_ordinary_user_reads_no_setting_and_no_key(self):
        self.set_up()
        user = new_test_user(self.env, "ordinary", groups="base.group_user,ringmain.group_ask")
        company = self.company.with_user(user)
        for name in self.env["ringmain.settings"]._ringmain_names():
            with self.subTest(name), self.assertRaises(AccessError):
                company.read([name])
        self.assertNotIn("ringmain_model", company.fields_get())

    def test_nobody_reads_the_sealed_key(self):
        self.set_up()
        admin = new_test_user(self.env, "an_admin", groups="base.group_system")
        with self.assertRaises(AccessError):
            self.company.with_user(admin).read(["ringmain_sealed_key"])
        with self.assertRaises(AccessError):
            self.company.with_user(admin).search([("ringmain_sealed_key", "like", "a")])
        page = self.page(key=KEY, url=self.other.url)
        with self.assertRaises(AccessError):
            page.with_user(admin).read(["ringmain_typed_key"])

    def test_an_ordinary_user_can_still_ask(self):
        self.set_up(model="gpt-4o-mini")
        user = new_test_user(self.env, "asker", groups="base.group_user,ringmain.group_ask")
        company = self.company.with_user(user)
        self.assertEqual(company._ringmain_client().check({}, "")["ok"], True)
        self.assertEqual(company._ringmain_settings()["model"], "gpt-4o-mini")

    def test_each_company_has_its_own_settings_and_its_own_key(self):
        self.set_up(model="gpt-4o-mini")
        second = self.env["res.company"].create({"name": "Second"})
        self.env.user.company_ids += second
        page = (
            self.env["res.config.settings"]
            .with_company(second)
            .create(
                {
                    "ringmain_url": self.other.url,
                    "ringmain_key": KEY,
                    "ringmain_model": "my-own",
                    "company_id": second.id,
                }
            )
        )
        page.execute()
        self.assertEqual((self.company.ringmain_model, second.ringmain_model), ("gpt-4o-mini", "my-own"))
        second.sudo().ringmain_sealed_key = self.company.sudo().ringmain_sealed_key
        page = self.env["res.config.settings"].with_company(second).create({"company_id": second.id})
        self.assertIn("Enter the key again.", self.notice(page.ringmain_test()))


@tagged("post_install", "-at_install")
class TestThePage(HttpCase):
    def test_an_admin_sets_it_up_tries_it_and_picks_a_model(self):
        other = OtherSide()
        self.addCleanup(other.close)
        self.env.ref("base.user_admin").company_id.sudo().write({"ringmain_url": False, "ringmain_sealed_key": False})
        self.start_tour(f"/odoo/settings?other={other.server_port}", "ringmain_settings", login="admin", timeout=90)
        company = self.env.ref("base.user_admin").company_id
        company.invalidate_recordset()
        self.assertEqual((company.ringmain_url, company.ringmain_model), (other.url, "gpt-4o-mini"))
        self.assertEqual(company.ringmain_max_tokens, 450)
