"""The value of one expression: numbers, texts, truth, their operators, and a table of calls.

No name is looked up anywhere but in that table.
"""

import re
from collections.abc import Callable
from typing import Any, NamedTuple

MOST = 300
"""Words that an expression may have."""

LARGEST = 10**1000
"""What a number may reach; beyond it Glific's own limit of time ends the expression."""


class Invalid(Exception):
    """An expression that cannot be computed."""


class Beyond(Exception):
    """An expression that may be right but is not understood here; its text says what is not."""


class Word(NamedTuple):
    """A number, a text, a name or a sign."""

    kind: str
    text: str


_WORDS = re.compile(
    r"""\s*(?:
      (?P<number>\d+\.\d+|\d+)
    | (?P<text>"(?:[^"\\]|\\.)*")
    | (?P<name>(?:[A-Z]\w*\.)*[a-z_]\w*[?!]?)
    | (?P<sign>===|!==|==|!=|<=|>=|<>|&&|\|\||[-+*/<>!(),])
    )""",
    re.VERBOSE | re.ASCII,
)

_LEVELS = (
    ("or", "||"),
    ("and", "&&"),
    ("==", "!=", "===", "!=="),
    ("<", ">", "<=", ">="),
    ("<>",),
    ("+", "-"),
    ("*", "/"),
)
"""The operators, weakest first."""


def value(source: str) -> Any:
    """What an expression comes to.

    Raises `Invalid` or `Beyond`.
    """
    if "#{" in source:
        raise Beyond("a text with #{…} in an expression")
    reader = _Reader(_words(source))
    found = reader.level(0)
    reader.end()
    return found


def _words(source: str) -> list[Word]:
    words, at, source = list[Word](), 0, source.rstrip()
    while at < len(source):
        found = _WORDS.match(source, at)
        if not found:
            raise _strange(source[at:].strip())
        words.append(Word(str(found.lastgroup), found[found.lastgroup or 0]))
        at = found.end()
    if len(words) > MOST:
        raise Invalid(f"it has more than {MOST} words")
    return words


def _strange(rest: str) -> Exception:
    # A variable that nothing filled in is an error in Elixir too, where nobody has bound it.
    return Invalid(rest) if rest.startswith("@") else Beyond(f"'{rest[:20]}' in an expression")


class _Reader:
    """Reads words from left to right, and computes as it goes."""

    def __init__(self, words: list[Word]) -> None:
        self._words = words
        self._at = 0
        self._deep = 0

    @property
    def _next(self) -> Word:
        return self._words[self._at] if self._at < len(self._words) else Word("end", "")

    def _take(self, *texts: str) -> str | None:
        word = self._next
        if word.kind == "text" or word.text not in texts:
            return None
        self._at += 1
        return word.text

    def end(self) -> None:
        """Nothing, unless words are left."""
        if self._next.kind != "end":
            raise Invalid(f"'{self._next.text}' is too much")

    def level(self, at: int) -> Any:
        """The value of what these operators and stronger ones join."""
        if at == len(_LEVELS):
            return self._one()
        left = self.level(at + 1)
        while sign := self._take(*_LEVELS[at]):
            left = _joined(sign, left, self.level(at + 1))
        return left

    def _one(self) -> Any:
        self._deep += 1
        if self._deep > MOST // 4:
            raise Invalid("it is too deep")
        try:
            return self._unary()
        finally:
            self._deep -= 1

    def _unary(self) -> Any:
        if sign := self._take("-", "+", "!", "not"):
            held = self._one()
            if sign == "not" and not isinstance(held, bool):
                raise Invalid("'not' of what is neither true nor false")
            return held in (None, False) if sign in ("!", "not") else _number(held) * (-1 if sign == "-" else 1)
        if self._take("("):
            held = self.level(0)
            self._close()
            return held
        return self._plain()

    def _close(self) -> None:
        if not self._take(")"):
            raise Invalid("a bracket is left open")

    def _plain(self) -> Any:
        word = self._next
        self._at += 1
        if word.kind == "number":
            return float(word.text) if "." in word.text else _bounded(int(word.text[:1100]))
        if word.kind == "text":
            return _unquoted(word.text)
        if word.kind == "name":
            return _CONSTANTS[word.text] if word.text in _CONSTANTS else self._called(word.text)
        raise Invalid(f"'{word.text}' stands where a value should")

    def _called(self, name: str) -> Any:
        if not self._take("("):
            raise Beyond(f"'{name}' in an expression")
        given = list[Any]()
        if not self._take(")"):
            given.append(self.level(0))
            while self._take(","):
                given.append(self.level(0))
            self._close()
        return _call(name, given)


_CONSTANTS: dict[str, Any] = {"true": True, "false": False, "nil": None}


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", lambda found: {"n": "\n", "t": "\t"}.get(found[1], found[1]), text[1:-1])


def _number(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Invalid(f"'{value}' is no number")
    return value


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise Invalid(f"'{value}' is no whole number")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise Invalid(f"'{value}' is no text")
    return value


def _bounded(value: Any) -> Any:
    if isinstance(value, int) and abs(value) > LARGEST:
        raise Invalid("a number is too large")
    return value


def _joined(sign: str, left: Any, right: Any) -> Any:
    if sign in ("and", "or") and not isinstance(left, bool):
        raise Invalid(f"'{sign}' of what is neither true nor false")
    if sign in ("and", "&&"):
        return right if left not in (None, False) else left
    if sign in ("or", "||"):
        return left if left not in (None, False) else right
    if sign == "<>":
        return _text(left) + _text(right)
    if sign in _COMPARED:
        return _compared(sign, left, right)
    return _bounded(_reckoned(sign, _number(left), _number(right)))


_COMPARED: dict[str, Callable[[Any, Any], bool]] = {
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "===": lambda a, b: type(a) is type(b) and a == b,
    "!==": lambda a, b: type(a) is not type(b) or a != b,
    "<": lambda a, b: a < b,
    ">": lambda a, b: a > b,
    "<=": lambda a, b: a <= b,
    ">=": lambda a, b: a >= b,
}

_RANKS = {int: 0, float: 0, bool: 1, type(None): 1, str: 2}
"""Elixir puts values of all kinds in one order: numbers first, then truth, then texts."""


def _compared(sign: str, left: Any, right: Any) -> bool:
    ranks = _RANKS[type(left)], _RANKS[type(right)]
    if ranks[0] != ranks[1]:
        return _COMPARED[sign](*ranks)
    if ranks[0] == 1:
        return _COMPARED[sign](str(left), str(right))
    return _COMPARED[sign](left, right)


def _reckoned(sign: str, left: Any, right: Any) -> Any:
    try:
        if sign == "/":
            return left / right
        return left + right if sign == "+" else left - right if sign == "-" else left * right
    except (ArithmeticError, ValueError) as error:
        raise Invalid(str(error)) from error


def _divided(a: Any, b: Any) -> int:
    """Towards zero, as Elixir divides."""
    whole, by = _whole(a), _whole(b)
    if by == 0:
        raise Invalid("a division by zero")
    quotient = abs(whole) // abs(by)
    return quotient if (whole < 0) == (by < 0) else -quotient


def _rounded(value: Any) -> int:
    """Halves away from zero, as Elixir rounds."""
    number = _number(value)
    return int(number + (0.5 if number >= 0 else -0.5)) if isinstance(number, float) else number


def _as_whole(text: Any) -> int:
    if not re.fullmatch(r"[+-]?\d{1,1000}", _text(text), re.ASCII):
        raise Invalid(f"'{text[:40]}' is no whole number")
    return int(text)


def _to_string(value: Any) -> str:
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


CALLS: dict[tuple[str, int], Callable[..., Any]] = {
    ("rem", 2): lambda a, b: _whole(a) - _divided(a, b) * b,
    ("div", 2): _divided,
    ("abs", 1): lambda a: abs(_number(a)),
    ("round", 1): _rounded,
    ("trunc", 1): lambda a: int(_number(a)),
    ("max", 2): lambda a, b: a if _compared(">=", a, b) else b,
    ("min", 2): lambda a, b: a if _compared("<=", a, b) else b,
    ("is_nil", 1): lambda a: a is None,
    ("to_string", 1): _to_string,
    ("Integer.to_string", 1): lambda a: str(_whole(a)),
    ("String.to_integer", 1): _as_whole,
    ("String.length", 1): lambda a: len(_text(a)),
    ("String.upcase", 1): lambda a: _text(a).upper(),
    ("String.downcase", 1): lambda a: _text(a).lower(),
    ("String.trim", 1): lambda a: _text(a).strip(),
    ("String.contains?", 2): lambda a, b: _text(b) in _text(a),
    ("String.starts_with?", 2): lambda a, b: _text(a).startswith(_text(b)),
    ("String.ends_with?", 2): lambda a, b: _text(a).endswith(_text(b)),
}


def _call(name: str, given: list[Any]) -> Any:
    known = CALLS.get((name, len(given)))
    if known is None:
        raise Beyond(f"the call '{name}' of {len(given)} values in an expression")
    return known(*given)
