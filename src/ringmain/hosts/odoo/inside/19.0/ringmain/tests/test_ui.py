# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).

from odoo.tests import HttpCase, tagged

from .common import AskMixin


@tagged("post_install", "-at_install")
class TestUi(AskMixin, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_asking()
        # Hers, so that OdooBot is no member: Odoo itself offers it only where it is one.
        rooms = cls.env["discuss.channel"].with_user(cls.anna)
        cls.room = rooms._create_channel(name="Room", group_id=cls.env.ref("base.group_user").id)

    def test_odoobot_is_offered_as_a_mention_and_ai_as_a_command(self):
        self.start_tour(f"/odoo/discuss?active_id=discuss.channel_{self.room.id}", "ringmain_ask", login="anna")
        self.assertEqual(self.rows().mapped("kind"), ["mention", "command"])
        self.assertEqual(self.rows().mapped("text"), ["how are you?", "what is new?"])

    def test_without_the_group_neither_is_offered(self):
        carl = self.make_user("carl", "Carl", groups="base.group_user")
        self.room.sudo()._add_members(users=carl)
        self.start_tour(f"/odoo/discuss?active_id=discuss.channel_{self.room.id}", "ringmain_stock", login="carl")
        self.assertFalse(self.rows())

    def test_a_record_is_asked_about_from_its_action_menu(self):
        deco = self.env["res.partner"].create({"name": "Deco", "city": "Rome"})
        field = self.env["ir.model.fields"]._get("res.partner", "city")
        self.env["ringmain.ask.target"].create(
            {"model_id": self.env["ir.model"]._get_id("res.partner"), "field_ids": [(6, 0, field.ids)]}
        )
        self.start_tour(f"/odoo/res.partner/{deco.id}", "ringmain_record", login="anna")
        row = self.rows()
        self.assertEqual((row.kind, row.text, row.res_id), ("record", "Where is it?", deco.id))
        self.assertEqual([field["value"] for field in row.record["fields"]], ["Rome"])
