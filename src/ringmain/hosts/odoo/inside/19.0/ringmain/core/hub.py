# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The connection to a ringmain hub: questions, their state, the check and the models."""

from urllib.parse import quote

from .faults import Fault, _lt
from .http import Answer, Door

CHECK_S, LOOK_S = 75.0, 20.0
"""A check asks one real question, for which a hub has patience of a minute."""
ROOM = "/hosts/odoo"
"""Stands behind a hub's address where an account is shown, and is easily pasted along."""
CODES = {
    401: "invalid_key",
    403: "account_off",
    404: "not_found",
    413: "too_long",
    422: "invalid_field",
    429: "busy",
}
"""The code by which callers decide; any other status is a fault of the hub's own."""
NO_WAY_BACK = "no_way_back"
"""The code where the hub's account does not let answers go to this Odoo."""
SAID = {
    "invalid_key": (
        _lt("The hub does not know this key."),
        _lt(
            "Enter the key that `ringmain hosts add odoo` printed, or make a new one on the account's page of the hub."
        ),
    ),
    "account_off": (_lt("The hub does not let this account in."), _lt("Switch the account on in the hub.")),
    "not_found": (
        _lt("%(url)s answers, but not as a ringmain hub does."),
        _lt("Check that it is the address of a ringmain hub."),
    ),
    "too_long": (_lt("The question is too long."), _lt("Ask it in fewer words.")),
    "invalid_field": (_lt("The hub does not accept one of the settings."), _lt("Check the settings of ringmain.")),
    "busy": (_lt("Too many questions at once."), _lt("Ask again in a moment.")),
    "hub_error": (_lt("The hub at %(url)s has a fault of its own."), _lt("Look at the hub's log.")),
}
"""What is said where the hub's own words are missing."""


class Hub(Door):
    """A hub at an address, with a host key. Every call raises `Fault` where it gets no reply."""

    def __init__(self, url: str, key: str, *, plain_http: bool = False):
        super().__init__(url, key, plain_http=plain_http)
        self.url = self.url.removesuffix(ROOM)

    def ask(self, payload: dict, timeout: float) -> dict:
        """The reply (`state` is accepted, done or failed); the same `ask` again never costs a second call."""
        return self._reply(self.send("POST", "/hosts/odoo/asks", payload, read_s=timeout))

    def look(self, ask: str) -> dict:
        """The reply to a question that was asked before; a `Fault` with the code `not_found` where the hub has none."""
        return self._reply(self.send("GET", f"/hosts/odoo/asks/{quote(ask, safe='')}", read_s=LOOK_S))

    def check(self, settings: dict, callback: str) -> dict:
        """`ok`, `checks` with a sentence and a fix each, and whether the hub reaches the `callback` address."""
        body = {"settings": settings, "callback": callback}
        return self._object(self.send("POST", "/hosts/odoo/check", body, read_s=CHECK_S, connect_s=3))

    def models(self, timeout: float = LOOK_S) -> list[dict]:
        """What may be asked, each with `id` and, where known, `modes`, prices, window and retirement."""
        answer = self.send("GET", "/hosts/odoo/models", read_s=timeout, connect_s=3)
        self._passed(answer)
        if not isinstance(answer.body, list):
            raise self._no_hub()
        return [model for model in answer.body if isinstance(model, dict) and model.get("id")]

    def _reply(self, answer: Answer) -> dict:
        reply = self._object(answer)
        if reply.get("state") not in ("accepted", "done", "failed"):
            raise self._no_hub()
        return reply

    def _object(self, answer: Answer) -> dict:
        self._passed(answer)
        if not isinstance(answer.body, dict):
            raise self._no_hub()
        return answer.body

    def _passed(self, answer: Answer) -> None:
        if answer.status < 300:
            return
        code = CODES.get(answer.status, "hub_error")
        sentence, fix = SAID[code]
        said = answer.fields.get("error")
        said = said if isinstance(said, dict) else {}
        if answer.status != 401 and said.get("sentence"):
            sentence, fix = "%(words)s", "%(advice)s"
        raise Fault(
            NO_WAY_BACK if said.get("param") == "deliver.to" else code,
            sentence,
            fix,
            retry_after=answer.retry_after,
            url=self.url,
            words=str(said.get("sentence") or ""),
            advice=str(said.get("fix") or ""),
        )

    def _no_hub(self) -> Fault:
        return Fault(
            "no_hub",
            _lt("What answers at %(url)s is not a ringmain hub."),
            _lt("Enter the address of your ringmain hub."),
            url=self.url,
        )
