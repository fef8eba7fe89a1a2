# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The connection without a hub: any provider that speaks OpenAI's chat/completions or completions."""

import time

from . import fit
from .faults import Fault, _lt
from .http import Answer, Door

OPENAI = "https://api.openai.com/v1"
PATHS = {"chat": "/chat/completions", "completion": "/completions"}
LONGEST_WAIT_S = 20.0
"""A provider that asks to wait longer is not asked again by itself."""
CODES = {
    400: "refused",
    401: "invalid_key",
    402: "quota",
    403: "forbidden",
    404: "model_not_found",
    413: "too_long",
    422: "refused",
    429: "busy",
}
"""The code by which callers decide; any other status is a fault of the provider's own."""
SAID = {
    "refused": (
        _lt("The provider refuses the question as it is set up."),
        _lt("Check the model and its parameters."),
    ),
    "invalid_key": (_lt("The provider does not accept the key."), _lt("Enter the key again.")),
    "quota": (_lt("The provider says that the money is used up."), _lt("Look at the provider's billing page.")),
    "forbidden": (_lt("The provider does not let this key in."), _lt("Check what the key may do at the provider.")),
    "model_not_found": (
        _lt("The provider has no such model or address."),
        _lt("Pick a model, or correct the address."),
    ),
    "too_long": (_lt("The question is too long."), _lt("Ask it in fewer words.")),
    "busy": (_lt("The provider gets too many questions at once."), _lt("Ask again in a moment.")),
    "provider_error": (_lt("The provider has a fault of its own."), _lt("Ask again in a moment.")),
}


class Direct(Door):
    """A provider at an address (with its `/v1`), with a key. Every call raises `Fault` where it gets no answer."""

    def ask(self, payload: dict, timeout: float) -> dict:
        """The reply to `messages` or a `prompt`, as a hub would give it; the cost is not known.

        A provider that is busy or broken is asked once more, within `timeout`.
        A connection that was cut or timed out is not: what was asked may have been paid for.
        """
        settings = payload.get("settings") or {}
        mode = "completion" if settings.get("mode") == "completion" else "chat"
        body = {"model": settings.get("model") or "", **(settings.get("parameters") or {})}
        body |= {"prompt": payload["prompt"]} if mode == "completion" else {"messages": payload["messages"]}
        answer, notices = self._answered(PATHS[mode], body, time.monotonic() + timeout)
        return self._reply(payload.get("ask"), mode, answer, notices)

    def look(self, ask: str) -> dict:
        """Nothing: a provider keeps no questions. Raises `Fault` with the code `not_found`."""
        raise Fault("not_found", _lt("A provider keeps no questions."), _lt("Ask again."))

    def check(self, settings: dict, callback: str) -> dict:
        """As a hub's check: key, model and method, by the list of models, which costs nothing."""
        models, model = self.models(), settings.get("model")
        if not model:
            raise Fault("no_model", _lt("No model is chosen."), _lt("Press PICK MODEL and choose one."))
        if fault := fit.misfit(model, settings.get("mode") or "chat", models):
            raise fault
        if not any(row["id"] == model for row in models):
            raise Fault(
                "model_not_found",
                _lt("The provider has no model '%(model)s'."),
                _lt("Press PICK MODEL and choose one."),
                model=model,
            )
        return {"ok": True, "checks": [], "callback": "unreachable"}

    def models(self, timeout: float = 20.0) -> list[dict]:
        """What the key may ask; a provider names only their ids, `modes` is filled in where it is known."""
        answer = self.send("GET", "/models", read_s=timeout, connect_s=3)
        self._passed(answer)
        rows = answer.fields.get("data")
        if not isinstance(rows, list):
            raise Fault(
                "no_provider",
                _lt("What answers at %(url)s does not list models as OpenAI does."),
                _lt("Enter the address with its path, such as https://api.openai.com/v1."),
                url=self.url,
            )
        ids = [str(row["id"]) for row in rows if isinstance(row, dict) and row.get("id")]
        return [{"id": model, "modes": fit.modes(model)} for model in sorted(ids)]

    def _answered(self, path: str, body: dict, until: float) -> tuple[Answer, list[str]]:
        """The provider's answer, after one repetition and after leaving out what the model does not take."""
        notices: list[str] = []
        repeated = False
        while True:
            answer = self.send("POST", path, body, read_s=max(1.0, until - time.monotonic()))
            if answer.status in (400, 422) and (changed := fit.without_refused(body, answer.fields)):
                body, notice = changed
                notices.append(notice)
            elif may_repeat(answer) and not repeated and self._waited(answer, until):
                repeated = True
            else:
                self._passed(answer)
                return answer, notices

    def _waited(self, answer: Answer, until: float) -> bool:
        """Whether there was time to wait for as long as the provider asked."""
        wait = 1.0 if answer.retry_after is None else answer.retry_after
        if wait > LONGEST_WAIT_S or time.monotonic() + wait + 1 > until:
            return False
        time.sleep(wait)
        return True

    def _reply(self, ask: object, mode: str, answer: Answer, notices: list[str]) -> dict:
        usage = answer.fields.get("usage")
        usage = usage if isinstance(usage, dict) else {}
        text = text_of(answer.fields)
        if not text:
            raise Fault(
                "empty",
                _lt("The model gave an empty answer."),
                _lt("Allow it more tokens, or ask in other words."),
            )
        return {
            "ask": ask,
            "state": "done",
            "text": text,
            "format": "markdown",
            "model": answer.fields.get("model"),
            "mode": mode,
            "usage": {"input_tokens": usage.get("prompt_tokens"), "output_tokens": usage.get("completion_tokens")},
            "cost": None,
            "currency": None,
            "notices": notices,
        }

    def _passed(self, answer: Answer) -> None:
        if answer.status >= 300:
            spent = answer.status == 429 and fit.code_of(answer.fields) == "insufficient_quota"
            code = "quota" if spent else CODES.get(answer.status, "provider_error")
            raise Fault(code, *SAID[code], retry_after=answer.retry_after)


def may_repeat(answer: Answer) -> bool:
    """Whether the provider says that it did not do the work, and that it may be asked again."""
    return answer.status >= 500 or (answer.status == 429 and fit.code_of(answer.fields) != "insufficient_quota")


def text_of(body: dict) -> str:
    """The text of the first choice, of either method."""
    choices = body.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices and isinstance(choices[0], dict) else {}
    message = choice.get("message")
    text = message.get("content") if isinstance(message, dict) else choice.get("text")
    return text.strip() if isinstance(text, str) else ""
