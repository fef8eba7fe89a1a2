# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).

from odoo.tests import tagged

from . import test_settings

LANGUAGES = {
    "fr_FR": {
        "tokens": "Jetons maximum",
        "hint": "400–500 convient",
        "wrong": "Le hub ne connaît pas cette clé.",
        "good": ("", "Test réussi ! Tout est bien configuré ! Vous pouvez commencer !"),
        "gone": "Rien ne répond à {}.",
        "context": "Vous aidez les personnes",
        "group": "Demander",
    },
    "es_ES": {
        "tokens": "Máximo de tokens",
        "hint": "conviene 400–500",
        "wrong": "El hub no conoce esta clave.",
        "good": ("", "¡Prueba superada! ¡Todo está bien configurado! ¡Ya puede empezar!"),
        "gone": "Nada responde en {}.",
        "context": "Usted ayuda a las personas",
        "group": "Preguntar",
    },
}


@tagged("post_install", "-at_install")
class TestTranslations(test_settings.WithOtherSide):
    """Who works in French or in Spanish reads nothing of ours in English."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for language in LANGUAGES:
            cls.env["res.lang"]._activate_lang(language)
        cls.env["ir.module.module"]._load_module_terms(["ringmain"], list(LANGUAGES))

    def each(self):
        for language, texts in LANGUAGES.items():
            with self.subTest(language):
                yield self.env(context={**self.env.context, "lang": language}), texts

    def test_the_page_is_in_the_users_language(self):
        for env, texts in self.each():
            arch = env["res.config.settings"].get_view(view_type="form")["arch"]
            self.assertIn(texts["tokens"], arch)
            self.assertIn(texts["hint"], arch)
            self.assertNotIn("Low on purpose", arch)

    def test_what_a_test_comes_to_is_in_the_users_language(self):
        for env, texts in self.each():
            values = {"ringmain_url": self.other.url, "ringmain_key": "wrong"}
            page = env["res.config.settings"].create(values)
            self.assertEqual(self.notice(page.ringmain_test())[1], texts["wrong"])
            page.ringmain_key = test_settings.KEY
            self.assertEqual(self.notice(page.ringmain_test()), ("success", *texts["good"]))

    def test_a_fault_of_the_core_is_filled_in_after_it_is_translated(self):
        gone = test_settings.OtherSide()
        gone.close()
        for env, texts in self.each():
            page = env["res.config.settings"].create({"ringmain_url": gone.url, "ringmain_key": test_settings.KEY})
            self.assertEqual(self.notice(page.ringmain_test())[1], texts["gone"].format(gone.url))

    def test_a_new_company_has_its_context_in_the_language_of_who_makes_it(self):
        for env, texts in self.each():
            self.assertTrue(env["ringmain.settings"]._ringmain_default_context().startswith(texts["context"]))

    def test_groups_are_named_in_the_users_language(self):
        for env, texts in self.each():
            self.assertEqual(env.ref("ringmain.group_ask").name, texts["group"])
