# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Which model answers by which method, and which parameters it does not take."""

import re

from .faults import Fault, _lt

REFUSED = {
    "completion": (
        _lt("The model '%(model)s' does not answer by Completion."),
        _lt("This pair works: '%(model)s' with Chat Completion."),
        _lt("This pair works: '%(model)s' with Chat Completion; so does '%(other)s' with Completion."),
    ),
    "chat": (
        _lt("The model '%(model)s' does not answer by Chat Completion."),
        _lt("This pair works: '%(model)s' with Completion."),
        _lt("This pair works: '%(model)s' with Completion; so does '%(other)s' with Chat Completion."),
    ),
}
"""What is said of a method that does not fit: the sentence, and the fix without and with another model that does."""
METHODS = ("chat", "completion")
COMPLETION_ONLY = re.compile(r"(gpt-3\.5-turbo-instruct.*|(text-)?(davinci|babbage|curie|ada)-\d+)")
CHAT_ONLY = re.compile(r"(gpt-3\.5-turbo(-\d+k?.*)?|gpt-[4-9].*|chatgpt-.*|o\d.*)")
"""OpenAI's own names, as its list of models names no methods (read 2026-11-21). Any other name may be either."""
NO_TEXT = re.compile(
    r"embed|whisper|tts|transcribe|audio|realtime|dall-e|image|moderation|sora|rerank|speech", re.IGNORECASE
)
OPTIONAL = ("temperature", "top_p", "presence_penalty", "frequency_penalty", "stop", "seed")


def modes(model: str) -> list[str]:
    """The methods that a model is known to answer by; none where that is not known."""
    if COMPLETION_ONLY.fullmatch(model):
        return ["completion"]
    return ["chat"] if CHAT_ONLY.fullmatch(model) else []


def answers_in_text(model: str) -> bool:
    """Whether a model is one to ask, and not one for sound, pictures or embeddings."""
    return not NO_TEXT.search(model)


def methods(row: dict) -> list[str]:
    """The methods of ours by which a model of the list answers; none where that is not known."""
    return [mode for mode in METHODS if mode in (row.get("modes") or ())] or modes(row["id"])


def offered(models: list[dict]) -> list[dict]:
    """The models that may be picked: those that answer in text by a method of ours, the default one first.

    Where the list tells no methods, as a provider's own does not, the name decides alone.
    """
    told = [row for row in models if not row.get("modes") or methods(row)]
    return sorted((row for row in told if answers_in_text(row["id"])), key=lambda row: not row.get("default"))


def misfit(model: str | None, mode: str, models: list[dict]) -> Fault | None:
    """Why a model and a method do not fit, naming the pair that works; None where they may fit.

    Without a model it is the one that the connection takes by default.
    """
    model = model or next((row["id"] for row in models if row.get("default")), None)
    if not model:
        return None
    known = methods(next((row for row in models if row["id"] == model), {"id": model}))
    if not known or mode in known:
        return None
    fitting = [row["id"] for row in models if mode in methods(row) and answers_in_text(row["id"])]
    sentence, alone, beside = REFUSED[mode]
    if not fitting:
        return Fault("model_mode_mismatch", sentence, alone, model=model)
    return Fault("model_mode_mismatch", sentence, beside, model=model, other=fitting[0])


def code_of(body: dict) -> str:
    """The code that a provider's error names."""
    error = body.get("error")
    return str(error.get("code") or error.get("type") or "") if isinstance(error, dict) else ""


def without_refused(body: dict, refusal: dict) -> tuple[dict, str] | None:
    """A request without the parameter that its refusal names, and what was left out; None where it names none."""
    error = refusal.get("error")
    error = error if isinstance(error, dict) else {}
    param, said = str(error.get("param") or ""), str(error.get("message") or "")
    if "max_tokens" in body and "max_completion_tokens" in said:
        rest = {name: value for name, value in body.items() if name != "max_tokens"}
        return rest | {"max_completion_tokens": body["max_tokens"]}, "max_tokens sent as max_completion_tokens"
    if param in OPTIONAL and param in body:
        rest = {name: value for name, value in body.items() if name != param}
        return rest, f"{param} dropped: this model does not take it"
    return None
