"""Chat completions, as the demo provider answers them."""

from collections.abc import Iterator
from typing import Any

from ringmain.demo.answered import DONE, Answered, Body, Call, event, stream, whole
from ringmain.demo.fields import CHOICES, array, boolean, check, form, integer, mapping, messages, string
from ringmain.demo.refused import Refused
from ringmain.demo.speech import Said, count, cut, heard, speak, text_of, tokens, words

CHECKS = {
    **CHOICES,
    "logprobs": boolean,
    "max_completion_tokens": integer(0),
    "messages": messages,
    "metadata": mapping,
    "modalities": array,
    "parallel_tool_calls": boolean,
    "reasoning_effort": string,
    "response_format": form,
    "tools": array,
    "top_logprobs": integer(0, 20),
}


def answer(body: Body, call: Call) -> Answered:
    """The answer to one chat; raises `Refused`."""
    check(body, CHECKS, required=("messages",))
    if body.get("top_logprobs") is not None and not body.get("logprobs"):
        raise Refused("'top_logprobs' needs 'logprobs' to be true.", param="top_logprobs", code="invalid_value")
    said = _said(body)
    return stream(_events(said, body, call)) if call.stream else whole(_whole(said, body, call))


def _said(body: Body) -> list[Said]:
    asked, n = heard(body["messages"], form=_form(body)), body.get("n") or 1
    stop = body.get("stop") or ()
    return [
        cut(speak(asked, number=at, n=n), stop=[stop] if isinstance(stop, str) else stop, limit=_limit(body))
        for at in range(n)
    ]


def _form(body: Body) -> dict[str, Any] | None:
    wanted = body.get("response_format")
    return {**wanted, **wanted.get("json_schema", {})} if wanted else None


def _limit(body: Body) -> int | None:
    caps = [body[name] for name in ("max_tokens", "max_completion_tokens") if body.get(name) is not None]
    return min(caps, default=None)


def _frame(call: Call, kind: str) -> dict[str, Any]:
    return {
        "id": f"chatcmpl-{call.digest}",
        "object": kind,
        "created": call.now,
        "model": call.model,
        "service_tier": "default",
        "system_fingerprint": "fp_demo",
    }


def _whole(said: list[Said], body: Body, call: Call) -> dict[str, Any]:
    choices = [
        {
            "index": at,
            "message": {"role": "assistant", "content": each.text, "refusal": None, "annotations": []},
            "logprobs": _logprobs(each.text, body),
            "finish_reason": each.finish,
        }
        for at, each in enumerate(said)
    ]
    return {**_frame(call, "chat.completion"), "choices": choices, "usage": _usage(said, body)}


def _events(said: list[Said], body: Body, call: Call) -> Iterator[bytes]:
    counted = bool((body.get("stream_options") or {}).get("include_usage"))
    frame = {**_frame(call, "chat.completion.chunk"), **({"usage": None} if counted else {})}
    for at, each in enumerate(said):
        for choice in _deltas(at, each, body):
            yield event({**frame, "choices": [choice]})
    if counted:
        yield event({**frame, "choices": [], "usage": _usage(said, body)})
    yield DONE


def _deltas(at: int, said: Said, body: Body) -> Iterator[dict[str, Any]]:
    yield _delta(at, {"role": "assistant", "content": "", "refusal": None})
    for piece in (tokens if body.get("logprobs") else words)(said.text):
        yield _delta(at, {"content": piece}, logprobs=_logprobs(piece, body))
    yield _delta(at, {}, finish=said.finish)


def _delta(at: int, delta: Body, *, logprobs: Any = None, finish: str | None = None) -> dict[str, Any]:
    return {"index": at, "delta": delta, "logprobs": logprobs, "finish_reason": finish}


def _logprobs(text: str, body: Body) -> dict[str, Any] | None:
    """The demo is certain of every token, and knows no other."""
    if not body.get("logprobs"):
        return None
    top = bool(body.get("top_logprobs"))
    told = [{"token": t, "logprob": 0.0, "bytes": list(t.encode("utf-8", "replace"))} for t in tokens(text)]
    return {"content": [{**each, "top_logprobs": [each] if top else []} for each in told], "refusal": None}


def _usage(said: list[Said], body: Body) -> dict[str, Any]:
    asked = max(1, count("".join(text_of(message.get("content")) for message in body["messages"])))
    answered = sum(count(each.text) for each in said)
    return usage(asked, answered)


def usage(asked: int, answered: int) -> dict[str, Any]:
    """`usage` of chat and completions."""
    return {
        "prompt_tokens": asked,
        "completion_tokens": answered,
        "total_tokens": asked + answered,
        "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": 0,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }
