# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).

from odoo import Command
from odoo.tests import TransactionCase, new_test_user, tagged

from ..hooks import post_init_hook


@tagged("post_install", "-at_install")
class TestGroups(TransactionCase):
    def test_whoever_worked_here_before_may_ask(self):
        before = new_test_user(self.env, "before", groups="base.group_user")
        portal = new_test_user(self.env, "portal", groups="base.group_portal")
        post_init_hook(self.env)
        self.assertTrue(before.has_group("ringmain.group_ask"))
        self.assertFalse(portal.has_group("ringmain.group_ask"))

    def test_whoever_comes_later_may_ask(self):
        later = self.env["res.users"].create({"name": "Later", "login": "later"})
        self.assertTrue(later.has_group("ringmain.group_ask"))

    def test_one_user_can_lose_it(self):
        user = self.env["res.users"].create({"name": "Later", "login": "later"})
        user.write({"group_ids": [Command.unlink(self.env.ref("ringmain.group_ask").id)]})
        self.assertFalse(user.has_group("ringmain.group_ask"))

    def test_administrators_configure_and_others_do_not(self):
        admin = new_test_user(self.env, "an_admin", groups="base.group_system")
        user = self.env["res.users"].create({"name": "Later", "login": "later"})
        self.assertTrue(admin.has_group("ringmain.group_configure"))
        self.assertFalse(user.has_group("ringmain.group_configure"))
