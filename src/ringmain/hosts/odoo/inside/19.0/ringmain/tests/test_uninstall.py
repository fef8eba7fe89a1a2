# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).

from odoo.tests import TransactionCase, tagged

from ..hooks import uninstall_hook


@tagged("post_install", "-at_install")
class TestUninstall(TransactionCase):
    """What Odoo does not remove by itself; a whole uninstallation is run outside, as it ends a registry."""

    def test_no_parameter_no_action_and_no_secret_remains(self):
        company = self.env.company
        secret = company._ringmain_secret()
        file = company._ringmain_secret_file()
        self.addCleanup(file.parent.mkdir, parents=True, exist_ok=True)
        self.addCleanup(self.put_back, file, secret)
        self.env["ir.config_parameter"].set_param("ringmain.something", "1")
        self.env["ir.actions.act_window"].create({"name": "Ask", "res_model": "ringmain.pick.model"})
        uninstall_hook(self.env)
        self.assertFalse(self.env["ir.config_parameter"].search([("key", "=like", "ringmain%")]))
        self.assertFalse(self.env["ir.actions.act_window"].search([("res_model", "=like", "ringmain.%")]))
        self.assertFalse(file.exists())

    def put_back(self, file, secret):
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file.touch(mode=0o600)
        file.write_text(secret)
