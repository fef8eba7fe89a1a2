"""The flags of the magics: which there are, and what a line says with them.

A line is flags and then, as it was typed, a question: no quotes are needed around it, and none are taken away.
"""

import json
import re
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from typing import Any

import msgspec

from ringmain.admin.parameters import PARAMETERS, Rule, unknown, wrong
from ringmain.errors import AskError
from ringmain.question import MODES

AS = ("markdown", "text", "json", "html", "code", "df")
"""How an answer may be read and shown."""

ASK: dict[str, Rule] = {
    "model": Rule("text", help="The model; any id may be typed."),
    "system": Rule("text", help="A system message; alone it is legal too."),
    "as": Rule("text", choices=AS, help="How the answer is shown; json and df also read it."),
    "into": Rule("text", help="The variable for the reply, or for what --as json or --as df has read."),
    "max_cost": Rule("text", help="USD that it may cost at worst; what may cost more is not asked."),
    "connection": Rule("text", help="The connection; else what %connection chose, else the default one."),
    "mode": Rule("text", choices=MODES, help="How the provider is asked."),
    "conversation": Rule("text", help="Go on with a conversation of this name."),
    "timeout": Rule("number", 0, help="Seconds after which nobody listens any more."),
    "demo": Rule("switch", help="Ask the built-in demo provider, which is no model."),
    "raw": Rule("switch", help="Braces are only braces: no variable is looked for."),
}

ROWS: dict[str, Rule] = {
    "each": Rule("text", help="A data frame or a list in the notebook, of which every row is asked."),
    "column": Rule("text", help="The column that goes below the question; else the question names it: {column}."),
    "keep": Rule("text", help="Where answers are kept at once; else in a file beside the notebook."),
    "rpm": Rule("number", 0, help="Requests a minute that the provider takes; else learnt."),
    "tpm": Rule("number", 0, help="Tokens a minute that it takes; else learnt."),
    "concurrency": Rule("whole", 0, help="Asks that may be under way; else as the limits have it."),
}

ASKING = {**ASK, **ROWS, **PARAMETERS}
CHATTING = {**{name: rule for name, rule in ASK.items() if name != "conversation"}, **PARAMETERS}

VALUES = {"number": "X", "whole": "N", "text": "TEXT", "texts": "TEXT", "object": "JSON", "biases": "JSON"}
"""What stands for a value of this kind."""

Fill = Callable[[str], str]

_FLAG = re.compile(r"\s*--(?:(?P<name>[A-Za-z][\w-]*)(?P<equals>=?)|(?=\s|$))")
_WORD = re.compile(r"""\s*(?:"(?P<double>(?:[^"\\]|\\.)*)"|'(?P<single>[^']*)'|(?P<bare>\S+))""")


class Said(msgspec.Struct, frozen=True):
    """What a line says: its flags by name, and what follows them."""

    flags: dict[str, Any]
    rest: str

    def pick(self, names: Collection[str]) -> dict[str, Any]:
        """Those of these flags that were given."""
        return {name: self.flags[name] for name in names if name in self.flags}


def read(line: str, known: Mapping[str, Rule], fill: Fill = str) -> Said:
    """What the line says; `fill` puts variables into the words of a flag, which then are one word still.

    Raises `AskError("invalid_request")` for a flag that is unknown or cannot be set so.
    """
    flags: dict[str, Any] = {}
    at = 0
    while found := _FLAG.match(line, at):
        at = found.end()
        if found["name"] is None:
            break
        at = _take(line, found, known, flags, fill)
    _check(flags, known)
    return Said(flags, line[at:].strip())


def _take(line: str, found: re.Match[str], known: Mapping[str, Rule], flags: dict[str, Any], fill: Fill) -> int:
    """Put one flag beside the others; where the next one may begin."""
    name, rule, meant = _named(found["name"], known)
    if rule.kind == "switch":
        if found["equals"]:
            raise _wrong(name, f"--{found['name']} takes no value.", "Leave it out.")
        flags[name] = meant
        return found.end()
    word = _WORD.match(line, found.end())
    if word is None or (not found["equals"] and word["bare"] and word["bare"].startswith("--")):
        raise _wrong(name, f"--{found['name']} has no value.", f"It means: {rule.help}")
    value = _typed(rule, fill(_unquoted(word)))
    flags[name] = [*flags.get(name, []), value] if rule.kind == "texts" else value
    return word.end()


def _named(typed: str, known: Mapping[str, Rule]) -> tuple[str, Rule, bool]:
    """The flag's name, what it takes, and whether it was switched on."""
    name = typed.replace("-", "_")
    if name in known:
        return name, known[name], True
    off = name.removeprefix("no_")
    if off in known and known[off].kind == "switch":
        return off, known[off], False
    problem = unknown(name, known, "flag")
    raise _wrong(typed, problem.sentence.replace("_", "-"), "Put a question mark behind the magic for all of them.")


def _unquoted(word: re.Match[str]) -> str:
    if word["double"] is not None:
        return re.sub(r'\\(["\\])', r"\1", word["double"])
    return word["single"] if word["single"] is not None else word["bare"]


def _typed(rule: Rule, text: str) -> Any:
    """The value that a word stands for; one that is of another kind stays a word, which the check then names."""
    with suppress(ValueError):
        match rule.kind:
            case "number":
                return float(text)
            case "whole":
                return int(text)
            case "object" | "biases":
                return json.loads(text)
    return text


def _check(flags: Mapping[str, Any], known: Mapping[str, Rule]) -> None:
    own = {name for name, rule in known.items() if name not in PARAMETERS and rule.kind == "text" and not rule.choices}
    problem = wrong({name: value for name, value in flags.items() if name not in own}, known)
    if problem:
        raise _wrong(problem.name, f"--{problem.sentence.replace('_', '-', problem.name.count('_'))}", problem.fix)


def check_rows(said: Said) -> None:
    """Nothing, where the flags go together. Raises `AskError("invalid_request")`."""
    flags = said.flags
    stray = next((name for name in ROWS if name in flags), None)
    if stray and "each" not in flags:
        raise _wrong(stray, f"--{stray} is for rows, and none are named.", "Name them with --each.")
    if "each" in flags and "as" in flags:
        raise _wrong("as", "Rows are shown as a table, and --as has no place there.", "Leave it out.")


def _wrong(name: str, sentence: str, fix: str) -> AskError:
    return AskError("invalid_request", sentence, fix=fix, param=name)


def described(known: Mapping[str, Rule]) -> str:
    """The flags as a list for people."""
    return "\n".join(f"  {_shown(name, rule):<28} {_help(rule)}" for name, rule in known.items())


def _shown(name: str, rule: Rule) -> str:
    flag = f"--{name.replace('_', '-')}"
    return flag if rule.kind == "switch" else f"{flag} {'ONE' if rule.choices else VALUES[rule.kind]}"


def _help(rule: Rule) -> str:
    return f"{rule.help} One of: {', '.join(rule.choices)}." if rule.choices else rule.help
