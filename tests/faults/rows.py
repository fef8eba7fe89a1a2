"""What a provider may do to a hub: what the host is then told, how often the provider is asked, what the book keeps."""

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass, field
from typing import Any

from tests.faults.upstream import (
    DONE,
    END,
    EVENTS,
    FIRST,
    LAST,
    MIB,
    USAGE,
    Attempt,
    bomb,
    byte_by_byte,
    chat,
    choice,
    chunk,
    chunked,
    drip,
    error,
    events,
    flood,
    hang_up,
    head,
    heard,
    reset,
    said,
    silence,
    stream,
)

STREAM = {"stream": True}
HTML = b"<html><h1>Bad gateway</h1></html>"
DEAD = "http://127.0.0.1:9"
PATIENT, HURRIED = {"x-stainless-read-timeout": "60"}, {"x-stainless-read-timeout": "2.5"}
"""What OpenAI's client sends of its own timeout."""

RELEASED, UNCONFIRMED = ("failed", False), ("unconfirmed", True)
SETTLED, DOUBTFUL = ("ok", False), ("ok", True)
ESTIMATED = COUNTED = ("interrupted", False)
"""The status of the line, and whether a charge that nobody saw stays on it."""

OK = said(chat())
NOT_CHAT = (
    "This is not a chat model and thus not supported in the v1/chat/completions endpoint. "
    "Did you mean to use v1/completions?"
)
UNSUPPORTED = {"code": "unsupported_parameter", "param": "temperature"}
TOO_LONG = "This model's maximum context length is 4097 tokens, but you asked for 5000."
QUOTA = {"type": "insufficient_quota", "code": "insufficient_quota"}
LIMITED = {"type": "requests", "code": "rate_limit_exceeded"}
OVERLOADED = {"type": "server_error", "code": "server_is_overloaded"}
NOW, SOON = "Tue, 24 Nov 2026 12:00:00 GMT", "Tue, 24 Nov 2026 12:00:07 GMT"
FILTERED = [
    ("what a filter has cut off", chat(choice("He", "content_filter"))),
    ("a refusal", chat(choice(None, "stop", refusal="I will not."))),
]
NO_ANSWERS = [
    ("a page", HTML, "text/html"),
    ("nothing", b"", "application/json"),
    ("half of an answer", chat()[:40], "application/json"),
]


@dataclass(frozen=True)
class Row:
    """One fault: what the upstream does, and what must come of it."""

    number: int
    says: str
    script: Sequence[Attempt]
    status: int
    code: str | None
    attempts: int
    line: tuple[str, bool]
    _: KW_ONLY
    account: str = "plain"
    body: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    environ: dict[str, str] = field(default_factory=dict)
    timers: dict[str, float] = field(default_factory=dict)
    final: bool = False
    """Whether the host is told not to try again."""
    reached: int | None = None
    """How many of the attempts came to the upstream; all, where nothing is said."""
    waits: float | None = None
    """Seconds that the hub waits between two attempts, where the provider says so."""
    tells: Sequence[str] = ()
    """What stands in the answer's body or notices."""
    whole: bytes | None = None
    """The answer's body to the last byte."""
    passes: Sequence[bytes] | None = None
    """The data of all events that the host gets, but for an error at their end."""

    def __str__(self) -> str:
        return f"{self.number}: {self.says}"


def hinted(says: str, wait: float | None, message: str = "Slow down.", **headers: str) -> Row:
    """A row of a rate that is spent, with the time to wait told in this form."""
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    script = [error(429, message, **LIMITED, headers=told)]
    return Row(10, says, script, 429, "rate_limit_exceeded", 2, RELEASED, waits=wait, final=True)


def broken(number: int, says: str, *data: bytes, ending: Attempt = END, **more: Any) -> Row:
    """A row of a stream that began and was not finished."""
    parts = ending if isinstance(ending, tuple) else (ending,)
    script = [(EVENTS + chunked(events(FIRST, *data)), *parts)]
    told = {"status": 200, "code": "stream_interrupted", "attempts": 1, "line": ESTIMATED, "passes": [FIRST], **more}
    return Row(number, says, script, body=STREAM, **told)


def passed(number: int, says: str, script: Attempt, *data: bytes, **more: Any) -> Row:
    """A row of a stream that is whole all the same, of which the host gets these events."""
    return Row(number, says, [script], 200, None, 1, SETTLED, body=STREAM, passes=[*data, DONE], **more)


# A table is read by its lines.
# fmt: off
ROWS = [
    Row(1, "a wrong key is the admin's, never a 401 for the host", [error(401, "Incorrect API key provided: sk-x")],
        502, "upstream_auth", 1, RELEASED, final=True),
    Row(2, "an organization, project or region that may not ask is told with a fix", [error(403)], 502,
        "upstream_forbidden", 1, RELEASED, final=True, tells=["ringmain check"]),
    Row(3, "a model that is gone is a 404", [error(404, "The model does not exist", code="model_not_found")], 404,
        "model_not_found", 1, RELEASED),
    Row(4, "a model that wants another endpoint is asked there, and the host is told",
        [error(404, NOT_CHAT, param="model"), said(chat({"text": "Hello", "index": 0}))], 200, None, 2, SETTLED,
        tells=["it was asked by completion"]),
    Row(4, "a model that wants another endpoint is a misfit for an account that is set to chat",
        [error(404, NOT_CHAT, param="model")], 400, "model_mode_mismatch", 1, RELEASED, account="chats"),
    Row(5, "a wrong field keeps its name and the provider's code",
        [error(400, "Bad top_p.", param="top_p", code="decimal_above_max_value")], 400, "decimal_above_max_value", 1,
        RELEASED, tells=['"param":"top_p"', "Bad top_p."]),
    Row(5, "a field of the host that is not supported is never left out", [error(400, "No.", **UNSUPPORTED)], 400,
        "unsupported_parameter", 1, RELEASED, body={"temperature": 2}),
    Row(6, "a field that the hub added is left out and told", [error(400, "No.", **UNSUPPORTED), OK], 200, None, 2,
        SETTLED, account="warm", tells=["refuses temperature"]),
    Row(7, "a prompt that is too long is told with both numbers",
        [error(400, TOO_LONG, code="context_length_exceeded")], 400, "context_length_exceeded", 1, RELEASED,
        tells=["4097", "5000"]),
    Row(8, "a request that is too large for the provider is a 413", [error(413)], 413, "request_too_large", 1,
        RELEASED),
    Row(9, "a spent rate is tried again after the time that the provider names",
        [error(429, **LIMITED, headers={"retry-after": "7"}), OK], 200, None, 2, SETTLED, waits=7),
    Row(9, "a rate that stays spent is a 429 with that time", [error(429, **LIMITED, headers={"retry-after": "7"})],
        429, "rate_limit_exceeded", 2, RELEASED, waits=7, final=True, tells=["retry-after: 7"]),
    Row(9, "a wait that passes the deadline is left to the host",
        [error(429, **LIMITED, headers={"retry-after": "100"})], 429, "rate_limit_exceeded", 1, RELEASED,
        headers=PATIENT, tells=["retry-after: 100", "retry-after-ms: 100000"]),
    hinted("the time to wait may be an HTTP date", 7, date=NOW, retry_after=SOON),
    hinted("the time to wait may be in milliseconds, which are more exact", 1.25, retry_after_ms="1250",
        retry_after="9"),
    hinted("the time to wait may be that until the rate is fresh", 60, x_ratelimit_reset_requests="1m0s"),
    hinted("the time to wait may be in the sentence", 0.12, "Please try again in 120ms."),
    hinted("a wait of more than two minutes is one of two minutes", 120, retry_after="3600"),
    hinted("a wait of 0 is none", None, retry_after="0"),
    hinted("a wait below 0, as Azure's, is none", None, retry_after="-1", retry_after_ms="-1"),
    hinted("a wait that is no number is none", None, retry_after="NaN"),
    hinted("a date that is past is none", None, date=SOON, retry_after=NOW),
    Row(11, "a spent rate without a time is tried again after one of ours", [error(429, **LIMITED), OK], 200, None, 2,
        SETTLED),
    Row(12, "credit that is spent is told at once and for good", [error(429, **QUOTA, headers={"retry-after": "1"})],
        429, "insufficient_quota", 1, RELEASED, final=True),
    Row(12, "so is a balance that is exhausted", [error(429, code="credit_balance_exhausted")], 429,
        "credit_balance_exhausted", 1, RELEASED, final=True),
    Row(13, "a provider that asks to slow down is overloaded", [error(429, code="slow_down")], 503,
        "upstream_overloaded", 2, RELEASED, final=True),
    Row(13, "a provider that is overloaded is asked once more", [error(503, **OVERLOADED), OK], 200, None, 2, SETTLED),
    Row(13, "a 529 is an overload too", [said(b"", 529)], 503, "upstream_overloaded", 2, RELEASED, final=True),
    Row(14, "a 500 is tried again and may have been charged", [error(500, "Boom.")], 502, "upstream_error", 2,
        UNCONFIRMED, final=True),
    Row(14, "a 500 stays unconfirmed though the second call answers", [error(500, "Boom."), OK], 200, None, 2,
        DOUBTFUL),
    Row(14, "a 504 is tried again and may have been charged", [error(504)], 502, "upstream_error", 2, UNCONFIRMED,
        final=True),
    Row(14, "a gateway's page is never shown, and cost nothing", [said(HTML, 502, "text/html")], 502, "upstream_error",
        2, RELEASED, final=True),
    *(Row(15, f"a {status} is not what this endpoint does", [error(status)], 502, "upstream_unsupported", 1, RELEASED,
        final=True) for status in (501, 405, 415)),
    Row(16, "an address where nobody listens is tried twice", [OK], 502, "upstream_unreachable", 2, RELEASED,
        account="nobody", reached=0, final=True, tells=["Connection refused"]),
    Row(16, "a name that does not exist is told as such", [OK], 502, "upstream_unreachable", 2, RELEASED,
        account="nameless", reached=0, final=True, tells=["no-such-host.invalid:80 cannot be resolved"]),
    Row(16, "an address that is silent is given up", [OK], 502, "upstream_unreachable", 2, RELEASED, account="full",
        reached=0, final=True, tells=["does not answer within"], timers={"ringmain.network.dial.CONNECT": 0.2}),
    Row(17, "a certificate that has expired is told as such", [OK], 502, "upstream_tls", 1, RELEASED, account="expired",
        reached=0, final=True, tells=["certificate has expired"]),
    Row(17, "a certificate of another name is told as such", [OK], 502, "upstream_tls", 1, RELEASED,
        account="other-name", reached=0, final=True, tells=["not valid for"]),
    Row(17, "a certificate of nobody we know is told as such", [OK], 502, "upstream_tls", 1, RELEASED,
        account="stranger", reached=0, final=True, tells=["unable to get local issuer certificate"]),
    Row(17, "a certificate that can be trusted is", [OK], 200, None, 1, SETTLED, account="trusted"),
    Row(18, "a proxy that is dead is named", [OK], 502, "upstream_unreachable", 2, RELEASED,
        environ={"http_proxy": DEAD}, reached=0, final=True, tells=["The proxy on the way to"]),
    *(Row(18, f"no proxy is used for an address that NO_PROXY names as {name}", [OK], 200, None, 1, SETTLED,
        environ={"http_proxy": DEAD, "no_proxy": name}) for name in ("127.0.0.1", "*", "there.example, 127.0.0.1")),
    Row(19, "a reset after the request may have been charged, and is not tried again", [reset], 502,
        "upstream_ambiguous", 1, UNCONFIRMED, final=True),
    Row(19, "so may a hang-up without a word", [hang_up], 502, "upstream_ambiguous", 1, UNCONFIRMED, final=True),
    Row(19, "so may a head that breaks off", [b"HTTP/1.1 200 OK\r\ncontent-"], 502, "upstream_ambiguous", 1,
        UNCONFIRMED, final=True),
    Row(19, "so may what is no HTTP", [b"SSH-2.0-OpenSSH_9.2\r\n"], 502, "upstream_ambiguous", 1, UNCONFIRMED,
        final=True),
    Row(20, "a head that does not come is a 504 before the host itself gives up", [silence], 504, "deadline_exceeded",
        1, UNCONFIRMED, headers=HURRIED, final=True),
    Row(21, "a body that drips is cut off at the deadline", [(head(content_length=9999), drip(b" "))], 504,
        "deadline_exceeded", 1, UNCONFIRMED, headers=HURRIED, final=True),
    Row(21, "so is a stream that has only comments", [(EVENTS, drip(chunked(b": ping\n\n")))], 504, "deadline_exceeded",
        1, UNCONFIRMED, account="brief", body=STREAM, final=True),
    Row(22, "a body shorter than announced may have been charged", [head(content_length=9999) + chat()], 502,
        "upstream_ambiguous", 1, UNCONFIRMED, final=True),
    Row(22, "so may a body whose chunks break off", [head(transfer_encoding="chunked") + chunked(chat())], 502,
        "upstream_ambiguous", 1, UNCONFIRMED, final=True),
    Row(22, "so may a body that cannot be inflated", [said(b"x" * 99, content_encoding="gzip")], 502,
        "upstream_ambiguous", 1, UNCONFIRMED, final=True),
    *(Row(23, f"{what} with a 200 is no answer, and may have been charged", [said(body, kind=kind)], 502,
        "upstream_malformed", 1, UNCONFIRMED, final=True) for what, body, kind in NO_ANSWERS),
    Row(24, "an error with a 200 is what its type says", [said({"error": {"message": "No.", **LIMITED}})], 429,
        "rate_limit_exceeded", 2, RELEASED, final=True),
    Row(24, "one about the ask is not tried again",
        [said({"error": {"message": "No.", "type": "invalid_request_error"}})], 400, "upstream_refused", 1, RELEASED),
    *(Row(25, f"an answer whose choices are {choices} costs what was counted",
        [said({"choices": choices, "usage": USAGE})], 502, "upstream_empty", 1, COUNTED, final=True)
        for choices in ([], None)),
    Row(25, "one that was not counted may have been charged", [said({"choices": []})], 502, "upstream_empty", 1,
        UNCONFIRMED, final=True),
    *(Row(26, f"{what} is an answer", [said(body)], 200, None, 1, SETTLED, whole=body) for what, body in FILTERED),
    Row(27, "an answer without words is told to need more tokens", [said(chat(choice("", "length")))], 200, None, 1,
        SETTLED, tells=["all of max_tokens went into thinking"]),
    Row(28, "an answer of more than 32 MiB is cut off", [flood], 502, "upstream_too_large", 1, UNCONFIRMED, final=True),
    Row(28, "so is one that is small before it is inflated", [bomb], 502, "upstream_too_large", 1, UNCONFIRMED,
        final=True),
    *(Row(29, f"a {status} is never followed", [said(b"", status, location="/v1/elsewhere")], 502, "upstream_redirect",
        1, RELEASED, final=True) for status in (301, 302, 307, 308)),
    Row(30, "an error instead of a stream has its own status",
        [stream(b'{"error":{"message":"No such model.","code":404}}')], 404, "model_not_found", 1, RELEASED,
        body=STREAM),
    Row(30, "one that may pass is tried again, behind comments too",
        [EVENTS + chunked(b": ping\n\n" * 9, events(b'{"error":{"message":"No.","type":"overloaded_error"}}')) + END,
        stream(FIRST, LAST, DONE)], 200, None, 2, SETTLED, body=STREAM, passes=[FIRST, LAST, DONE]),
    broken(31, "an error in the middle of a stream ends it, without [DONE]",
        b'{"error":{"message":"Boom.","type":"server_error"}}', DONE, code="upstream_error"),
    broken(32, "a stream whose chunks break off ends with an error, without [DONE]", ending=(heard, hang_up)),
    broken(32, "so does one that is reset", ending=(heard, reset)),
    broken(32, "so does one that breaks off within an event", ending=(chunked(b'data: {"choi'), END)),
    broken(33, "a stream that ends without a reason and without [DONE] is not whole"),
    passed(33, "a stream that said why it finished needs no [DONE]", stream(FIRST, LAST), FIRST, LAST),
    broken(28, "so is a stream that has no end", ending=(heard, chunked(events(*[chunk(" " * 1000)] * 3)), END),
        code="upstream_too_large", timers={"ringmain.call.LONGEST_STREAM": 2000}),
    broken(34, "a stream that falls silent is given up", ending=silence, timers={"ringmain.patience.IDLE": 0.2}),
    broken(34, "so is one of which only comments come", ending=drip(chunked(b": ping\n\n")),
        timers={"ringmain.patience.IDLE": 0.2}),
    broken(35, "an event that is no JSON ends the stream with an error", b'{"choi', LAST, DONE),
    passed(35, "an event that comes twice, and a second [DONE], are the provider's",
        stream(FIRST, FIRST, LAST, DONE, DONE), FIRST, FIRST, LAST),
    passed(35, "a byte order mark, CRLF and cuts at every byte change nothing",
        (EVENTS, byte_by_byte(b"\xef\xbb\xbf" + events(FIRST, chunk("ü😀"), LAST, DONE).replace(b"\n", b"\r\n"))),
        FIRST, chunk("ü😀"), LAST),
    passed(35, "half of a character and U+0000 pass as they came", stream(chunk("\ud83d"), chunk("\0"), LAST, DONE),
        chunk("\ud83d"), chunk("\0"), LAST),
    Row(36, "a whole answer to a host that streams is a stream", [OK], 200, None, 1, SETTLED, body=STREAM,
        tells=['"content":"Hello"', "data: [DONE]"]),
    Row(36, "a stream to a host that waits for all of it is a whole answer", [stream(FIRST, LAST, DONE)], 200, None, 1,
        SETTLED, tells=['"content":"Hello"', '"object":"chat.completion"']),
    broken(37, "an event of more than 1 MiB ends the stream with an error", b'"' + b"x" * MIB + b'"', DONE,
        code="upstream_too_large"),
]


@dataclass(frozen=True)
class Series:
    """One fault, met by host after host: what each is told, and how many calls come to the upstream in all."""

    number: int
    says: str
    attempt: Attempt
    told: Sequence[str]
    reached: int
    _: KW_ONLY
    account: str = "plain"
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def row(self) -> Row:
        """The same as a row, of which the script and the names are used."""
        told = self.told[0]
        return Row(self.number, self.says, [self.attempt], 0, told, 0, RELEASED, account=self.account,
            headers=self.headers)

    def __str__(self) -> str:
        return f"{self.number}: {self.says}"


def cooled(number: int, says: str, attempt: Attempt, code: str, calls: int, /, *, reached: int = 5,
        account: str = "plain") -> Series:
    """A series whose first so many calls are told the fault itself, and the others that the model is left alone."""
    return Series(number, says, attempt, [code] * calls + ["upstream_cooling"] * 5, reached, account=account)


SERIES = [
    Series(1, "a wrong key is the admin's, however often", error(401), ["upstream_auth"] * 9, 9),
    Series(3, "a model that is gone is never left alone", error(404, code="model_not_found"), ["model_not_found"] * 9,
        9),
    Series(5, "a wrong field is each host's own", error(400, code="bad"), ["bad"] * 9, 9),
    Series(9, "a time to wait holds for all hosts", error(429, **LIMITED, headers={"retry-after": "100"}),
        ["rate_limit_exceeded"] * 9, 1, headers=PATIENT),
    Series(11, "a spent rate without a time is tried by all, and made again three times a minute",
        error(429, **LIMITED), ["rate_limit_exceeded"] * 9, 12),
    Series(12, "credit that is spent is told by the provider each time", error(429, **QUOTA),
        ["insufficient_quota"] * 9, 9),
    cooled(13, "a provider that stays overloaded is left alone after five calls", error(503, **OVERLOADED),
        "upstream_overloaded", 3),
    cooled(14, "so is one that fails", error(500), "upstream_error", 3),
    cooled(14, "and one whose gateway has only a page", said(HTML, 502, "text/html"), "upstream_error", 3),
    cooled(16, "so is an address where nobody listens", OK, "upstream_unreachable", 3, reached=0, account="nobody"),
    cooled(19, "so is one that hangs up, with no second try of its own", hang_up, "upstream_ambiguous", 5),
    cooled(23, "so is one that sends pages for answers", said(HTML, kind="text/html"), "upstream_malformed", 5),
    Series(29, "a redirect is the admin's", said(b"", 302, location="/v1/x"), ["upstream_redirect"] * 9, 9),
]
# fmt: on
