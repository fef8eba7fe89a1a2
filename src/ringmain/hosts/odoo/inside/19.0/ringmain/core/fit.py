# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Which model answers by which method, and which parameters it does not take."""

import re

METHODS = {"chat": "Chat Completion", "completion": "Completion"}
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


def misfit(model: str | None, mode: str, models: list[dict]) -> str:
    """Why a model and a method do not fit, naming the pair that works; empty where they may fit."""
    if not model:
        return ""
    known = next((row.get("modes") or [] for row in models if row.get("id") == model), None) or modes(model)
    if not known or mode in known:
        return ""
    other = METHODS.get(known[0], known[0])
    said = f"The model '{model}' does not answer by {METHODS[mode]}. This pair works: '{model}' with {other}"
    fitting = [row["id"] for row in models if mode in (row.get("modes") or ())]
    return f"{said}; for {METHODS[mode]} choose '{fitting[0]}'." if fitting else f"{said}."


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
