# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged

from .common import AskCase


@tagged("post_install", "-at_install")
class TestRecords(AskCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.deco = cls.env["res.partner"].create(
            {"name": "Deco", "city": "Rome", "comment": "<p>Pays <b>late</b></p>", "ref": "D-7", "user_id": cls.anna.id}
        )
        cls.made = cls.deco.message_ids
        cls.target = cls.allow("res.partner", "city", "ref", "comment", "user_id", "company_id", "category_id")

    @classmethod
    def allow(cls, model, *names):
        known = cls.env["ir.model.fields"].search([("model", "=", model), ("name", "in", names)])
        return cls.env["ringmain.ask.target"].create(
            {"model_id": cls.env["ir.model"]._get_id(model), "field_ids": [(6, 0, known.ids)]}
        )

    def allow_more(self, name):
        self.target.write({"field_ids": [(6, 0, self.env["ir.model.fields"]._get("res.partner", name).ids)]})
        return self.target

    def ask(self, record, user=None, question="Does it pay?", **values):
        """The window as the action menu opens it, filled in and sent."""
        wizard = (
            self.env["ringmain.ask.record"]
            .with_user(user or self.anna)
            .with_context(active_model=record._name, active_id=record.id)
            .create({"question": question, **values})
        )
        wizard.action_ask()
        return wizard

    def notes(self):
        """What OdooBot has written on the record since it was made."""
        return (self.deco.message_ids - self.made).filtered(lambda message: message.author_id == self.odoobot)

    def fields_sent(self, there):
        return {row["name"]: row["value"] for row in there.asked[-1]["record"]["fields"]}

    def test_a_question_carries_the_chosen_fields_as_a_person_reads_them(self):
        there = self.connect()
        self.ask(self.deco)
        self.run_cron()
        record = there.asked[-1]["record"]
        self.assertEqual((record["model"], record["id"], record["name"]), ("res.partner", self.deco.id, "Deco"))
        self.assertEqual(
            self.fields_sent(there), {"city": "Rome", "ref": "D-7", "comment": "Pays late", "user_id": "Anna"}
        )
        self.assertIn({"name": "city", "label": "City", "value": "Rome"}, record["fields"])

    def test_the_name_of_a_record_is_no_longer_than_a_hub_takes_it(self):
        there = self.connect()
        self.deco.name = "Deco " * 100
        self.ask(self.deco)
        self.run_cron()
        self.assertEqual(there.asked[-1]["record"]["name"], ("Deco " * 100)[:199].rstrip() + "…")

    def test_a_record_without_a_name_has_an_empty_one(self):
        there = self.connect()
        self.allow("res.partner.bank", "acc_holder_name")
        self.patch(
            type(self.env["res.partner.bank"]),
            "_compute_display_name",
            lambda banks: banks.update({"display_name": False}),
        )
        bank = self.env["res.partner.bank"].create(
            {"acc_number": "1", "partner_id": self.deco.id, "acc_holder_name": "D"}
        )
        self.ask(bank)
        self.run_cron()
        self.assertEqual(there.asked[-1]["record"]["name"], "")

    def test_of_a_thousand_other_records_the_rights_are_looked_at_once(self):
        self.env["res.partner"].create([{"name": f"P{at}", "parent_id": self.deco.id} for at in range(1000)])
        target = self.allow_more("child_ids")
        deco = self.deco.with_user(self.anna)
        looked = []
        check = type(deco)._check_access
        self.patch(type(deco), "_check_access", lambda one, operation: looked.append(one) or check(one, operation))
        told = target._told(deco)
        self.assertEqual(told["fields"][-1]["value"].count("Deco, P"), 30)
        self.assertLess(len(looked), 100)

    def test_the_answer_comes_to_the_asker_with_the_question_and_the_record(self):
        self.connect()
        self.ask(self.deco)
        self.run_cron()
        (answer,) = self.said()
        self.assertIn("Deco</a>", answer)
        self.assertIn("<em>Does it pay?</em>", answer)
        self.assertIn("<strong>Sales</strong>", answer)
        self.assertFalse(self.rows().record, "what was read of the record is not kept")

    def test_the_answer_stands_on_the_record_where_that_is_wanted_and_allowed(self):
        self.connect()
        partner_manager = self.env.ref("base.group_partner_manager")
        self.anna.write({"group_ids": [(4, partner_manager.id)]})
        self.ask(self.deco, where="note")
        self.run_cron()
        note = self.notes()
        self.assertIn("<strong>Sales</strong>", note.body)
        self.assertEqual(note.subtype_id, self.env.ref("mail.mt_note"))
        self.assertFalse(self.said())

    def test_who_may_not_write_on_the_record_gets_the_answer_alone(self):
        self.connect()
        self.anna.write({"group_ids": [(3, self.env.ref("base.group_partner_manager").id)]})
        self.ask(self.deco, where="note")
        self.run_cron()
        self.assertEqual(len(self.said()), 1)
        self.assertFalse(self.notes())

    def test_a_field_that_the_asker_may_not_read_is_not_sent(self):
        there = self.connect()
        self.patch(type(self.deco)._fields["ref"], "groups", "base.group_system")
        self.ask(self.deco)
        self.run_cron()
        self.assertEqual(set(self.fields_sent(there)), {"city", "comment", "user_id"})
        self.assertNotIn("D-7", str(there.asked))

    def test_a_record_of_another_company_is_refused(self):
        there = self.connect()
        other = self.env["res.company"].create({"name": "Other"})
        self.deco.company_id = other
        with self.assertRaises(AccessError):
            self.ask(self.deco)
        self.run_cron()
        self.assertFalse(self.rows())
        self.assertFalse(there.asked)

    def test_names_of_records_out_of_reach_are_not_sent(self):
        there = self.connect()
        other = self.env["res.company"].create({"name": "Other"})
        hidden = self.env["res.partner"].create({"name": "Hidden", "company_id": other.id})
        target = self.allow("res.partner.category", "partner_ids", "name")
        tag = self.env["res.partner.category"].create(
            {"name": "Good", "partner_ids": [(6, 0, (self.deco | hidden).ids)]}
        )
        self.assertTrue(target.action_id)
        self.ask(tag)
        self.run_cron()
        self.assertEqual(self.fields_sent(there), {"name": "Good", "partner_ids": "Deco"})

    def test_a_kind_of_record_that_was_not_chosen_is_refused(self):
        with self.assertRaises(UserError):
            self.ask(self.env.ref("base.main_company"))

    def test_who_may_not_ask_cannot_open_the_window(self):
        carl = self.make_user("carl", "Carl", groups="base.group_user")
        with self.assertRaises(AccessError):
            self.ask(self.deco, user=carl)

    def test_a_question_is_needed(self):
        with self.assertRaises(UserError):
            self.ask(self.deco, question="  ")

    def test_the_action_menu_of_the_records_has_the_entry_as_long_as_they_are_chosen(self):
        action = self.target.action_id
        self.assertEqual(action.binding_model_id.model, "res.partner")
        bound = self.env["ir.actions.actions"].with_user(self.anna).get_bindings("res.partner")["action"]
        self.assertIn(action.id, [entry["id"] for entry in bound])
        self.target.unlink()
        self.assertFalse(action.exists())

    def test_the_entry_speaks_the_users_language(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.target._bind()
        action = self.target.action_id
        self.assertEqual(action.with_context(lang="fr_FR").name, self.env(context={"lang": "fr_FR"})._("Ask OdooBot"))

    def test_secrets_files_and_inner_things_cannot_be_chosen(self):
        for model, name in (("res.users", "password"), ("res.partner", "image_1920"), ("res.partner", "message_ids")):
            with self.assertRaises(ValidationError):
                self.allow(model, name) if model != "res.partner" else self.target.write(
                    {"field_ids": [(4, self.env["ir.model.fields"]._get(model, name).id)]}
                )
        with self.assertRaises(ValidationError):
            self.allow("ir.config_parameter", "key")

    def test_questions_about_a_record_are_a_conversation_of_each_asker(self):
        there = self.connect()
        ben = self.make_user("ben", "Ben")
        self.ask(self.deco)
        self.ask(self.deco, user=ben)
        self.run_cron()
        first, second = [body["conversation"] for body in there.asked]
        self.assertNotEqual(first, second)
        self.assertIn(f":res.partner:{self.deco.id}:", first)

    def test_a_record_that_is_gone_is_answered_to_the_asker(self):
        self.connect()
        self.anna.write({"group_ids": [(4, self.env.ref("base.group_partner_manager").id)]})
        self.ask(self.deco, where="note")
        self.deco.unlink()
        self.run_cron()
        self.assertEqual(len(self.said()), 1)
