# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).

import logging
import os
from pathlib import Path

from odoo import api, fields, models
from odoo.fields import NO_ACCESS
from odoo.tools import config

from ..core import sealing
from ..core.direct import Direct
from ..core.faults import Fault
from ..core.hub import Hub

_logger = logging.getLogger(__name__)

CONFIGURE = "ringmain.group_configure"
OPENAI = "https://api.openai.com/v1"
PARAMETERS = ("temperature", "top_p", "presence_penalty", "frequency_penalty")


class RingmainSettings(models.AbstractModel):
    """What an admin fills in: the same fields on the company that keeps them and on the page that shows them."""

    _name = "ringmain.settings"
    _description = "Settings of ringmain"

    ringmain_way = fields.Selection(
        [("hub", "ringmain hub"), ("direct", "OpenAI or compatible, directly")],
        string="Connection",
        default="hub",
        groups=CONFIGURE,
    )
    ringmain_url = fields.Char("Address", groups=CONFIGURE)
    ringmain_plain_http = fields.Boolean("The network between is our own: plain http may be used", groups=CONFIGURE)
    ringmain_model = fields.Char("Model", groups=CONFIGURE)
    ringmain_method = fields.Selection(
        [("completion", "Completion"), ("chat", "Chat Completion")],
        string="Chat method",
        default="chat",
        groups=CONFIGURE,
    )
    # Low on purpose, as in a test phase every answer costs money.
    ringmain_max_tokens = fields.Integer("Max tokens", default=150, groups=CONFIGURE)
    # Text, as an empty number is no zero: what is empty is not sent, and the model's own value counts.
    ringmain_temperature = fields.Char("Temperature", default="1.0", groups=CONFIGURE)
    ringmain_top_p = fields.Char("Top P", groups=CONFIGURE)
    ringmain_presence_penalty = fields.Char("Presence penalty", groups=CONFIGURE)
    ringmain_frequency_penalty = fields.Char("Frequency penalty", groups=CONFIGURE)
    ringmain_prompt_prefix = fields.Char("Prefix", default="In Odoo: ", trim=False, groups=CONFIGURE)
    ringmain_prompt_suffix = fields.Char("Suffix", trim=False, groups=CONFIGURE)
    ringmain_context = fields.Text("Context", default=lambda self: self._ringmain_default_context(), groups=CONFIGURE)
    ringmain_at_once = fields.Boolean("Answer at once", groups=CONFIGURE)

    @api.model
    def _ringmain_default_context(self):
        """What a chat model is told before every question, until an admin writes something else."""
        return self.env._(
            "You help the people of a company with their daily work in Odoo. "
            "Answer briefly, in the language of the question, and name the menus and buttons to use. "
            "If you are not sure, or the answer depends on how their Odoo is set up, say so."
        )


class ResCompany(models.Model):
    _name = "res.company"
    _inherit = ["res.company", "ringmain.settings"]

    ringmain_sealed_key = fields.Char("Sealed key", groups=NO_ACCESS, copy=False)
    ringmain_deliver = fields.Selection(
        [("callback", "The hub calls back"), ("wait", "Odoo waits for the answer")],
        string="Delivery",
        default="wait",
        groups=CONFIGURE,
        help="Found out by TEST: whether the hub can reach this Odoo.",
    )

    def _ringmain_client(self):
        """The hub or the provider that this company asks.

        Raises `Fault` where nothing is set up, or where the key cannot be read any more.
        """
        company = self.sudo()
        company.ensure_one()
        if not company.ringmain_url or not company.ringmain_sealed_key:
            raise Fault(
                "not_set_up",
                "ringmain is not set up for this company.",
                "Ask an administrator to fill in Settings → ringmain.",
            )
        return company._ringmain_client_with(company._ringmain_unsealed(company.ringmain_url))

    def _ringmain_client_with(self, key, *, values=None):
        """The client for a key, with the settings of this company or those of the page."""
        values = self.sudo() if values is None else values
        kind = Hub if values.ringmain_way == "hub" else Direct
        return kind(values.ringmain_url, key, plain_http=values.ringmain_plain_http)

    def _ringmain_settings(self):
        """The `settings` of an ask, with only what is filled in."""
        return self.sudo()._ringmain_filled_in(self.sudo())

    @api.model
    def _ringmain_filled_in(self, values):
        """The `settings` of the contract, of a company or of the page."""
        completion = values.ringmain_method == "completion"
        settings = {
            "model": values.ringmain_model,
            "mode": values.ringmain_method,
            "context": not completion and values.ringmain_context,
            "prompt_prefix": completion and values.ringmain_prompt_prefix,
            "prompt_suffix": completion and values.ringmain_prompt_suffix,
        }
        parameters = {name: values[f"ringmain_{name}"] for name in PARAMETERS}
        parameters = {name: float(text) for name, text in parameters.items() if text}
        if values.ringmain_max_tokens:
            parameters["max_tokens"] = values.ringmain_max_tokens
        return {name: value for name, value in settings.items() if value} | {"parameters": parameters}

    def _ringmain_seal(self, key, url):
        """The key, sealed for this company and this address; empty where there is none."""
        return key and sealing.seal(self._ringmain_secret(), key, owner=f"company {self.id}", url=url)

    def _ringmain_unsealed(self, url, sealed=None):
        """The key that is stored, or the sealed one that is given. Raises `Fault` where it does not open."""
        sealed = sealed or self.sudo().ringmain_sealed_key
        return sealing.unseal(self._ringmain_secret(), sealed, owner=f"company {self.id}", url=url)

    @api.model
    def _ringmain_secret(self):
        """What seals the keys of this database: of the environment, of the configuration, or of a file of its own."""
        given = os.environ.get("RINGMAIN_ODOO_SECRET_KEY") or config.get("ringmain_secret")
        return given or sealing.kept(self._ringmain_secret_file())

    @api.model
    def _ringmain_secret_file(self):
        """Where the secret of this database lies: beside the filestore, so that no dump and no backup contains it."""
        return Path(config["data_dir"]) / "ringmain" / f"{self.env.cr.dbname}.key"
