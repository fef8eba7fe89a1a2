# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).

import os
from pathlib import Path

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import NO_ACCESS
from odoo.tools import config

from ..core import sealing
from ..core.direct import Direct
from ..core.faults import Fault, _lt
from ..core.hub import Hub
from ..core.numbers import RANGES, number

CONFIGURE = "ringmain.group_configure"


class RingmainSettings(models.AbstractModel):
    """What an admin fills in: the same fields on the company that keeps them and on the page that shows them."""

    _name = "ringmain.settings"
    _description = "Settings of ringmain"

    ringmain_way = fields.Selection(
        [("hub", "ringmain hub"), ("direct", "OpenAI or compatible, without a hub")],
        string="Connection",
        default="hub",
        groups=CONFIGURE,
    )
    ringmain_url = fields.Char("Address", groups=CONFIGURE)
    ringmain_plain_http = fields.Boolean("Allow plain http", groups=CONFIGURE)
    ringmain_deliver = fields.Selection(
        [("callback", "The hub calls back"), ("wait", "Odoo waits for the answer")],
        string="Delivery",
        default="wait",
        groups=CONFIGURE,
        help="TEST finds out whether the hub can reach this Odoo.",
    )
    ringmain_model = fields.Char("Model", groups=CONFIGURE)
    ringmain_method = fields.Selection(
        [("completion", "Completion"), ("chat", "Chat Completion")],
        string="Chat method",
        default="chat",
        groups=CONFIGURE,
    )
    # Low on purpose: in a test phase each answer costs money.
    ringmain_max_tokens = fields.Integer("Max tokens", default=150, groups=CONFIGURE)
    # Texts, as Odoo's numbers know no emptiness: what is empty is not sent, and the model's own value counts.
    ringmain_temperature = fields.Char("Temperature", default="1.0", groups=CONFIGURE)
    ringmain_top_p = fields.Char("Top P", groups=CONFIGURE)
    ringmain_presence_penalty = fields.Char("Presence penalty", groups=CONFIGURE)
    ringmain_frequency_penalty = fields.Char("Frequency penalty", groups=CONFIGURE)
    ringmain_prompt_prefix = fields.Char("Prefix", default="In Odoo: ", trim=False, groups=CONFIGURE)
    ringmain_prompt_suffix = fields.Char("Suffix", trim=False, groups=CONFIGURE)
    ringmain_context = fields.Text("Context", default=lambda self: self._ringmain_default_context(), groups=CONFIGURE)
    ringmain_at_once = fields.Boolean("Answer during the welcome tour", default=True, groups=CONFIGURE)

    @api.model
    def _ringmain_default_context(self):
        """What a chat model is told before each question, until an admin writes something else."""
        return self.env._(
            "You help the people of a company with their daily work in Odoo. "
            "Answer briefly, in the language of the question, and name the menus and buttons to use. "
            "Where you are not sure, or where it depends on how their Odoo is set up, say so."
        )

    @api.model
    def _ringmain_names(self):
        """The names of these fields."""
        return [name for name, field in self.env["ringmain.settings"]._fields.items() if name.startswith("ringmain_")]

    @api.model
    def _ringmain_said(self, fault):
        """Sentence and fix of a `Fault`, in the user's language."""
        return tuple(text and self.env._(text, **fault.values) for text in fault.texts)

    @api.constrains("ringmain_max_tokens", *(f"ringmain_{name}" for name in RANGES))
    def _check_ringmain_parameters(self):
        for values in self:
            try:
                values._ringmain_parameters()
            except Fault as fault:
                raise ValidationError(" ".join(self._ringmain_said(fault))) from fault

    def _ringmain_parameters(self):
        """OpenAI's parameters, with only what is filled in. Raises `Fault` for what is no value."""
        if self.ringmain_max_tokens < 0:
            raise Fault(
                "invalid_setting",
                _lt("Max tokens cannot be below zero."),
                _lt("Enter a number such as 450, or 0 for no limit of your own."),
            )
        parameters = {name: number(name, self[f"ringmain_{name}"]) for name in RANGES}
        parameters["max_tokens"] = self.ringmain_max_tokens or None
        return {name: value for name, value in parameters.items() if value is not None}

    def _ringmain_settings(self):
        """The `settings` of an ask, with only what is filled in."""
        values = self.sudo()
        completion = values.ringmain_method == "completion"
        settings = {
            "model": values.ringmain_model,
            "mode": values.ringmain_method,
            "context": not completion and values.ringmain_context,
            "prompt_prefix": completion and values.ringmain_prompt_prefix,
            "prompt_suffix": completion and values.ringmain_prompt_suffix,
            "parameters": values._ringmain_parameters(),
        }
        return {name: value for name, value in settings.items() if value}

    def _ringmain_client_with(self, key):
        """The hub or the provider of these settings, with a key. Raises `Fault` for an address that is none."""
        values = self.sudo()
        kind = Direct if values.ringmain_way == "direct" else Hub
        return kind(values.ringmain_url or "", key, plain_http=values.ringmain_plain_http)


class ResCompany(models.Model):
    _name = "res.company"
    _inherit = ["res.company", "ringmain.settings"]

    ringmain_sealed_key = fields.Char("Sealed key", groups=NO_ACCESS, copy=False)

    def _ringmain_client(self):
        """The hub or the provider that this company asks.

        Raises `Fault` where nothing is set up, or where the key cannot be read any more.
        """
        company = self.sudo()
        company.ensure_one()
        return company._ringmain_client_with(company._ringmain_unsealed(company.ringmain_url))

    def _ringmain_seal(self, key, url):
        """The key, sealed for this company and for the address that it may be sent to."""
        return sealing.seal(self._ringmain_secret(), key, owner=self._ringmain_owner(), url=url)

    def _ringmain_unsealed(self, url, sealed=None):
        """The key that is stored, or the sealed one that is given. Raises `Fault` where there is none to be read."""
        sealed = sealed or self.sudo().ringmain_sealed_key
        if not url or not sealed:
            raise Fault(
                "not_set_up",
                _lt("ringmain is not set up for this company."),
                _lt("An administrator enters address and key in Settings → ringmain."),
            )
        return sealing.unseal(self._ringmain_secret(), sealed, owner=self._ringmain_owner(), url=url)

    def _ringmain_owner(self):
        self.ensure_one()
        return f"res.company {self.id}"

    @api.model
    def _ringmain_secret(self):
        """What seals the keys of this database: of the environment, of the configuration, or of a file of its own."""
        given = os.environ.get("RINGMAIN_ODOO_SECRET_KEY") or config.get("ringmain_secret")
        return given or sealing.kept(self._ringmain_secret_file())

    @api.model
    def _ringmain_secret_file(self):
        """Where the secret of this database lies: beside the filestore, so that no dump and no backup holds it."""
        return Path(config["data_dir"]) / "ringmain" / f"{self.env.cr.dbname}.key"
