"""The demo provider's endpoints: one request in, one answer out, without a network."""

import hashlib
from typing import Any
from urllib.parse import unquote, urlsplit

import msgspec

from ringmain.demo import chat, completion, embeddings, responses, tone, transcription
from ringmain.demo.answered import Answered, Body, Call, event, whole
from ringmain.demo.models import BORN, MODELS, Model, check_mode, check_refused, find
from ringmain.demo.refused import Refused, missing, wrong_type
from ringmain.transport import Request

WRONG_KEY = "wrong"
"""The one key that is not accepted, so that a wrong key can be shown."""

WIRES = {
    "chat/completions": ("chat", chat.answer),
    "completions": ("completion", completion.answer),
    "responses": ("responses", responses.answer),
    "embeddings": ("embeddings", embeddings.answer),
    "audio/transcriptions": ("transcription", transcription.answer),
    "audio/speech": ("speech", tone.answer),
}


def answer(request: Request, *, now: int = BORN) -> Answered:
    """What the demo provider answers to this request, the same bytes each time."""
    digest = hashlib.sha256(b"\0".join((request.method.encode(), request.url.encode(), request.body))).hexdigest()[:24]
    try:
        _check_key(request)
        answered = _routed(request, digest, now)
    except Refused as refused:
        answered = refused.answered()
    return msgspec.structs.replace(answered, headers={**answered.headers, "x-request-id": f"req_{digest}"})


def _check_key(request: Request) -> None:
    if _header(request, "authorization").removeprefix("Bearer ").strip() == WRONG_KEY:
        raise Refused(f"Incorrect API key provided: {WRONG_KEY}.", status=401, code="invalid_api_key")


def _header(request: Request, name: str) -> str:
    return next((value for held, value in request.headers.items() if held.lower() == name), "")


def _form(request: Request) -> Body:
    return transcription.form(_header(request, "content-type"), request.body)


def _routed(request: Request, digest: str, now: int) -> Answered:
    path = urlsplit(request.url).path.removeprefix("/v1").strip("/")
    if path == "models":
        _check_method(request, "GET")
        return whole({"object": "list", "data": [model.listed() for model in MODELS.values()]})
    if path.startswith("models/"):
        _check_method(request, "GET")
        return whole(find(unquote(path.removeprefix("models/"))).listed())
    if path in WIRES:
        _check_method(request, "POST")
        body = _form(request) if path == "audio/transcriptions" else _body(request)
        return _asked(path, body, digest, now)
    raise Refused(f"Invalid URL ({request.method} /v1/{path})", status=404)


def _check_method(request: Request, method: str) -> None:
    if request.method != method:
        path = urlsplit(request.url).path
        raise Refused(f"Not allowed to {request.method} on {path}.", status=405, code="method_not_supported")


def _body(request: Request) -> Body:
    try:
        body = msgspec.json.decode(request.body)
    except (msgspec.DecodeError, RecursionError):
        raise Refused("We could not parse the JSON body of your request.") from None
    if not isinstance(body, dict):
        raise Refused("The body of your request must be a JSON object.")
    return body


def _asked(path: str, body: Body, digest: str, now: int) -> Answered:
    mode, answered = WIRES[path]
    model = _model(body.get("model"))
    check_mode(model, mode)
    if model.fault:
        return model.fault.answered()
    check_refused(model, body)
    call = Call(model=model.id, digest=digest, now=now, stream=body.get("stream") is True)
    read = {name: value for name, value in body.items() if name != model.ignores}
    return _spoilt(answered(read, call), model, call, mode)


def _model(name: Any) -> Model:
    if name is None:
        raise missing("model")
    if not isinstance(name, str):
        raise wrong_type("model", "a string", name)
    return find(name)


def _spoilt(answered: Answered, model: Model, call: Call, mode: str) -> Answered:
    """The answer with the model's own fault in its middle, where it has one."""
    if not (model.breaks or model.midway):
        return answered
    if not call.stream:
        return _spoilt_whole(answered, model)
    begun = answered.pieces[: len(answered.pieces) // 2]
    told = (_error_event(model.midway, mode, len(begun)),) if model.midway else ()
    return msgspec.structs.replace(answered, pieces=begun + told, breaks=model.breaks)


def _spoilt_whole(answered: Answered, model: Model) -> Answered:
    if model.midway:
        return whole({"error": model.midway.error})
    data = answered.pieces[0]
    return msgspec.structs.replace(answered, pieces=(data[: len(data) // 2],), breaks=True)


def _error_event(refused: Refused, mode: str, number: int) -> bytes:
    if mode != "responses":
        return event({"error": refused.error})
    error = {**refused.error, "code": refused.error["type"]}
    return event({**error, "type": "error", "sequence_number": number}, "error")
