# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import NO_ACCESS

from ..core import fit
from ..core.direct import OPENAI
from ..core.faults import Fault, _lt

CONNECTION = ("ringmain_way", "ringmain_url", "ringmain_plain_http")
SAVE_S = 8.0
"""Save waits no longer than this for the list of models."""
PAIR = (*CONNECTION, "ringmain_model", "ringmain_method")


# The page is no wizard, which the linter only sees where nothing else is inherited.
class ResConfigSettings(models.TransientModel):  # pylint: disable=no-wizard-in-models
    """The page: what is typed stays in this row until Save, so that TEST tries it without changing the company."""

    _name = "res.config.settings"
    _inherit = ["res.config.settings", "ringmain.settings"]

    # Never stored, and empty whenever it is read. A plain field would stand in this table until the next vacuum.
    ringmain_key = fields.Char(
        "Key",
        compute="_compute_ringmain_key",
        inverse="_inverse_ringmain_key",
        groups="base.group_system",
    )
    ringmain_typed_key = fields.Char("Typed key, sealed", groups=NO_ACCESS)
    ringmain_key_state = fields.Selection(
        [("none", "None"), ("typed", "Typed"), ("kept", "Kept")],
        string="State of the key",
        compute="_compute_ringmain_key",
        groups="base.group_system",
    )

    @api.depends("company_id", "ringmain_typed_key")
    def _compute_ringmain_key(self):
        for page in self:
            page.ringmain_key = False
            kept = "kept" if page.sudo().company_id.ringmain_sealed_key else "none"
            page.ringmain_key_state = "typed" if page.sudo().ringmain_typed_key else kept

    def _inverse_ringmain_key(self):
        for page in self.filtered("ringmain_key"):
            try:
                sealed = page.company_id._ringmain_seal(page.ringmain_key.strip(), page.ringmain_url)
            except Fault as fault:
                raise page._ringmain_refusal(fault) from fault
            page.sudo().ringmain_typed_key = sealed

    @api.onchange("ringmain_way")
    def _onchange_ringmain_way(self):
        if self.ringmain_way == "direct" and not self.ringmain_url:
            self.ringmain_url = OPENAI
        elif self.ringmain_way == "hub" and self.ringmain_url == OPENAI:
            self.ringmain_url = False

    @api.model
    def get_values(self):
        values = super().get_values()
        company = self.env.company.sudo()
        values.update({name: company[name] for name in self._ringmain_names()})
        return values

    def set_values(self):
        result = super().set_values()
        self._ringmain_keep()
        return result

    def ringmain_test(self):
        """Try what is typed, without saving it: good to go, or the first fault and what to do about it."""
        self.ensure_one()
        try:
            return self._ringmain_tested()
        except Fault as fault:
            if fault.code == "invalid_key":
                # It is known to be wrong, so that a Save does not put it in the place of the one that is kept.
                self.sudo().ringmain_typed_key = False
            sentence, fix = self._ringmain_said(fault)
            return self._ringmain_notice("danger", sentence, fix)

    def ringmain_pick_model(self):
        """Open the table of models that the connection offers."""
        self.ensure_one()
        try:
            models_offered = self._ringmain_typed_client().models()
        except Fault as fault:
            sentence, fix = self._ringmain_said(fault)
            return self._ringmain_notice("danger", sentence, fix)
        wizard = self.env["ringmain.pick.model"]._ringmain_offer(self, models_offered)
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Pick a model"),
            "res_model": wizard._name,
            "res_id": wizard.id,
            "view_mode": "form",
            "target": "new",
        }

    def _ringmain_tested(self):
        """Ask the connection for its check, and remember whether the hub can call back."""
        base = self.company_id.get_base_url()
        reply = self._ringmain_typed_client().check(self._ringmain_settings(), f"{base}/ringmain/ping")
        self._ringmain_delivered("callback" if reply.get("callback") == "reachable" else "wait")
        failed = next((check for check in reply.get("checks") or () if check.get("ok") is False), None)
        if failed:
            return self._ringmain_notice("danger", failed.get("sentence") or "", failed.get("fix") or "")
        said = [self.env._("Test success!"), self.env._("Everything properly set up! You're good to go!")]
        if reply.get("callback_sentence"):
            said.append(reply["callback_sentence"])
        waits = reply.get("callback") == "unreachable"
        return self._ringmain_notice("success", "", " ".join(said), sticky=waits)

    def _ringmain_delivered(self, deliver):
        """Keep how answers come: with what is typed, and at once where it is what is saved already."""
        saved = not self.sudo().ringmain_typed_key and not self._ringmain_changes(CONNECTION)
        self.ringmain_deliver = deliver
        if saved:
            self.company_id.sudo().ringmain_deliver = deliver

    def _ringmain_typed_client(self):
        """The client for what is typed, with the stored key where none is typed. Raises `Fault`."""
        if not self.ringmain_url or self.ringmain_key_state == "none":
            raise Fault("not_set_up", _lt("The address or the key is missing."), _lt("Enter both."))
        key = self.company_id._ringmain_unsealed(self.ringmain_url, self.sudo().ringmain_typed_key)
        return self._ringmain_client_with(key)

    def _ringmain_changes(self, names):
        """What is typed and differs from what the company has, of these fields."""
        company = self.company_id.sudo()
        return {name: self[name] for name in names if self[name] != company[name]}

    def _ringmain_keep(self):
        """Write what is typed to the company. Raises `ValidationError` for what cannot work."""
        changes = self._ringmain_changes(self._ringmain_names())
        typed = self.sudo().ringmain_typed_key
        if not changes and not typed:
            return
        try:
            if typed or changes.keys() & set(PAIR):
                self._ringmain_refuse_what_cannot_work()
        except Fault as fault:
            raise self._ringmain_refusal(fault) from fault
        if changes.keys() & set(CONNECTION) and "ringmain_deliver" not in changes:
            # Nobody knows yet whether the new hub reaches this Odoo; waiting works with any.
            changes["ringmain_deliver"] = "wait"
        if typed or not self.ringmain_url:
            changes["ringmain_sealed_key"] = self.ringmain_url and typed
        self.company_id.sudo().write(changes)
        self.sudo().ringmain_typed_key = False

    def _ringmain_refuse_what_cannot_work(self):
        """Raise `Fault` for an address that is none, a key for another one, or a model and a method that do not fit."""
        if self.ringmain_url or self.sudo().ringmain_typed_key:
            self._ringmain_client_with("")
        if self.ringmain_way == "hub" and self.ringmain_method == "completion":
            # A hub asks a chat model by chat, with prefix and suffix around the question all the same.
            return
        if fault := fit.misfit(self.ringmain_model, self.ringmain_method, self._ringmain_offered()):
            raise fault

    def _ringmain_offered(self):
        """The models to hold a choice against; none where they cannot be read just now, which TEST would tell."""
        if not self.ringmain_url or self.ringmain_key_state == "none":
            return []
        try:
            return self._ringmain_typed_client().models(timeout=SAVE_S)
        except Fault as fault:
            if fault.code == "key_for_another_address":
                raise
            return []

    def _ringmain_refusal(self, fault):
        return ValidationError(" ".join(self._ringmain_said(fault)))

    def _ringmain_notice(self, kind, title, message, *, sticky=True):
        # Odoo shows both in one line, with a dot after the title.
        title = title.removesuffix(".")
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": kind,
                "title": title,
                "message": message,
                "sticky": sticky,
            },
        }
