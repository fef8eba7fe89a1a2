# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).

from odoo import Command

from .core import sealing


def post_init_hook(env):
    """Everybody who works in Odoo may ask from the start, and whoever comes later; each one can lose it."""
    ask = env.ref("ringmain.group_ask")
    internal = env["res.users"].with_context(active_test=False).search([("share", "=", False)])
    internal.write({"group_ids": [Command.link(ask.id)]})
    if newcomers := env.ref("base.default_user_group", raise_if_not_found=False):
        newcomers.write({"implied_ids": [Command.link(ask.id)]})


def uninstall_hook(env):
    """What Odoo does not remove by itself: parameters, actions made at run time, and the secret's file."""
    env["ir.config_parameter"].search([("key", "=like", "ringmain%")]).unlink()
    env["ir.actions.act_window"].search([("res_model", "=like", "ringmain.%")]).unlink()
    sealing.forgotten(env["res.company"]._ringmain_secret_file())
