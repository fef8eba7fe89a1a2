"""The demo provider's models: some that answer, and some that fail in a known way, chosen by their name."""

from typing import Any

import msgspec

from ringmain.demo.refused import Refused

OWNER = "ringmain-demo"
BORN = 1763683200
"""2025-11-21, as seconds since 1970: when every demo model was made."""

TALKS = ("chat", "completion", "responses")
ENDPOINTS = {
    "chat": "v1/chat/completions",
    "completion": "v1/completions",
    "responses": "v1/responses",
    "transcription": "v1/audio/transcriptions",
    "speech": "v1/audio/speech",
}


class Model(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the list: what it can do, and how it fails."""

    id: str
    modes: tuple[str, ...] = TALKS
    shutdown_date: str | None = None
    """`YYYY-MM-DD`: the official client's `Model` takes text only (openai 3.52, 2026-11)."""
    fault: Refused | None = None
    """What every call gets."""
    midway: Refused | None = None
    """What comes inside an answer that has begun."""
    breaks: bool = False
    """Whether the body breaks off half-way."""
    refuses: tuple[str, str, Any] | None = None
    """A parameter that it will not take, with the code that says so and the one value that is fine."""

    ignores: str = ""
    """A field that it passes over, as many servers do with what they do not know."""

    def listed(self) -> dict[str, Any]:
        """The model as `/models` shows it."""
        shown = {"id": self.id, "object": "model", "created": BORN, "owned_by": OWNER}
        return {**shown, "shutdown_date": self.shutdown_date}


def _failure() -> Refused:
    return Refused(
        "The server had an error while processing your request. Sorry about that!", status=500, kind="server_error"
    )


_RATE = Refused(
    "Rate limit reached for demo-error-429 on requests per min (RPM): Limit 1, Used 1, Requested 1.",
    status=429,
    kind="requests",
    code="rate_limit_exceeded",
    headers={"retry-after": "1", "retry-after-ms": "20"},
)
_QUOTA = Refused(
    "You exceeded your current quota, please check your plan and billing details.",
    status=429,
    kind="insufficient_quota",
    code="insufficient_quota",
)

MODELS: dict[str, Model] = {
    model.id: model
    for model in (
        Model(id="demo-1"),
        Model(id="demo-chat", modes=("chat",)),
        Model(id="demo-completion", modes=("completion",), shutdown_date="2099-12-31"),
        Model(id="demo-responses", modes=("responses",)),
        Model(id="demo-embedding", modes=("embeddings",)),
        Model(id="demo-embedding-float", modes=("embeddings",), ignores="encoding_format"),
        Model(id="demo-transcribe", modes=("transcription",)),
        Model(id="demo-speech", modes=("speech",)),
        Model(id="demo-error-429", fault=_RATE),
        Model(id="demo-error-500", fault=_failure()),
        Model(id="demo-error-quota", fault=_QUOTA),
        Model(id="demo-error-event", midway=_failure()),
        Model(id="demo-error-stream", breaks=True),
        Model(id="demo-refuses-temperature", refuses=("temperature", "unsupported_value", 1)),
        Model(id="demo-refuses-max-tokens", refuses=("max_tokens", "unsupported_parameter", None)),
    )
}


def find(name: str) -> Model:
    """The model of this name; raises `Refused` with status 404."""
    if model := MODELS.get(name):
        return model
    raise Refused(
        f"The model '{name}' does not exist or you do not have access to it.",
        status=404,
        param="model",
        code="model_not_found",
    )


def check_mode(model: Model, mode: str) -> None:
    """Nothing, where the model can be asked this way; raises `Refused` in OpenAI's own words, status 404."""
    if mode not in model.modes:
        raise Refused(_misplaced(model.modes[0], mode), status=404, param="model")


def check_refused(model: Model, body: dict[str, Any]) -> None:
    """Nothing, where the body has no parameter that this model does not take; raises `Refused`."""
    name, code, fine = model.refuses or ("", "", None)
    value = body.get(name)
    if value is None or value == fine:
        return
    if code == "unsupported_value":
        told = f"'{name}' does not support {value} with this model. Only the default ({fine}) value is supported."
        raise Refused(f"Unsupported value: {told}", param=name, code=code)
    told = f"'{name}' is not supported with this model. Use 'max_completion_tokens' instead."
    raise Refused(f"Unsupported parameter: {told}", param=name, code=code)


def _misplaced(right: str, asked: str) -> str:
    here, there = ENDPOINTS.get(asked, f"v1/{asked}"), ENDPOINTS.get(right, f"v1/{right}")
    if (right, asked) == ("completion", "chat"):
        return f"This is not a chat model and thus not supported in the {here} endpoint. Did you mean to use {there}?"
    if (right, asked) == ("chat", "completion"):
        return f"This is a chat model and not supported in the {here} endpoint. Did you mean to use {there}?"
    if right == "responses":
        return f"This model is only supported in {there} and not in {here}."
    return f"This model is not supported in the {here} endpoint. Did you mean to use {there}?"
