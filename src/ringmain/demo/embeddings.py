"""Embeddings, as the demo provider answers them: texts that share words have vectors that are near."""

import hashlib
import math
import struct
from base64 import b64encode
from typing import Any

from ringmain.demo.answered import Answered, Body, Call, whole
from ringmain.demo.completion import prompts
from ringmain.demo.fields import check, integer, string, texts_or_tokens
from ringmain.demo.refused import Refused, wrong_value

DIMENSIONS = 64

CHECKS = {
    "dimensions": integer(1, 4096),
    "encoding_format": string,
    "input": texts_or_tokens,
    "model": string,
    "user": string,
}


def answer(body: Body, call: Call) -> Answered:
    """A vector for each input; raises `Refused`."""
    check(body, CHECKS, required=("input",))
    form = body.get("encoding_format") or "float"
    if form not in ("float", "base64"):
        raise wrong_value("encoding_format", form, "'float', 'base64'")
    inputs = body["input"]
    many = inputs if isinstance(inputs, list) and isinstance(inputs[0], str | list) else [inputs]
    if "" in many:
        raise Refused("Invalid 'input': input cannot be an empty string.", param="input")
    size = body.get("dimensions") or DIMENSIONS
    data = [
        {"object": "embedding", "index": at, "embedding": _written(vector(_marks(each), size), form)}
        for at, each in enumerate(many)
    ]
    asked = sum(prompt.tokens for prompt in prompts(inputs))
    usage = {"prompt_tokens": asked, "total_tokens": asked}
    return whole({"object": "list", "data": data, "model": call.model, "usage": usage})


def vector(marks: list[str], size: int) -> list[float]:
    """A vector of length 1: each mark, hashed, pushes one of its numbers up or down."""
    numbers = [0.0] * size
    for mark in marks:
        pushed = int.from_bytes(hashlib.sha256(mark.encode("utf-8", "replace")).digest()[:8], "big")
        numbers[(pushed >> 1) % size] += 1.0 if pushed & 1 else -1.0
    length = math.sqrt(sum(number * number for number in numbers))
    return [number / length for number in numbers] if length else [1.0, *numbers[1:]]


def _marks(value: str | list[int]) -> list[str]:
    return value.lower().split() if isinstance(value, str) else [str(token) for token in value]


def _written(numbers: list[float], form: str) -> Any:
    return numbers if form == "float" else b64encode(struct.pack(f"<{len(numbers)}f", *numbers)).decode()
