"""How the demo provider says no, in OpenAI's error envelope."""

from typing import Any

import msgspec

from ringmain.demo.answered import JSON, Answered


class Refused(Exception):
    """A call that gets an error object instead of an answer."""

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        kind: str = "invalid_request_error",
        param: str | None = None,
        code: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.headers = headers or {}
        self.error: dict[str, Any] = {"message": message, "type": kind, "param": param, "code": code}

    def answered(self) -> Answered:
        """The error as an HTTP answer."""
        headers = {"content-type": JSON, **self.headers}
        return Answered(status=self.status, headers=headers, pieces=(msgspec.json.encode({"error": self.error}),))


def missing(name: str) -> Refused:
    return Refused(f"Missing required parameter: '{name}'.", param=name, code="missing_required_parameter")


def wrong_type(name: str, expected: str, value: Any) -> Refused:
    told = f"Invalid type for '{name}': expected {expected}, but got {_kind(value)} instead."
    return Refused(told, param=name, code="invalid_type")


def wrong_value(name: str, value: Any, allowed: str) -> Refused:
    told = f"Invalid value: '{value}'. Supported values are: {allowed}."
    return Refused(told, param=name, code="invalid_value")


_KINDS: dict[type, str] = {
    str: "a string",
    bool: "a boolean",
    int: "an integer",
    float: "a decimal",
    list: "an array",
    dict: "an object",
}


def _kind(value: Any) -> str:
    return _KINDS.get(type(value), "null")
