# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What is sent for a question: to a hub, or to a provider where there is no hub.

This file imports nothing of Odoo, so that every series can carry the same one.
"""

import hashlib
import hmac
import math
import re
from dataclasses import dataclass, field
from typing import NamedTuple

# What of a conversation travels along where no hub remembers it.
TURNS, LETTERS = 8, 8000
MOST = 2**31
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


class Turn(NamedTuple):
    """An earlier question with its answer."""

    question: str
    answer: str


@dataclass(frozen=True)
class Question:
    """One question, as its row in the database holds it. `record` is what the asker may read of the record."""

    ask: str
    kind: str
    text: str
    conversation: str
    language: str
    company: str
    user: str
    record: dict | None = None
    settings: dict = field(default_factory=dict)


def for_hub(question: Question, *, deadline_s: int, deliver: dict) -> dict:
    """The body of `POST /hosts/odoo/asks`."""
    body = {
        "ask": question.ask,
        "kind": question.kind,
        "text": question.text,
        "conversation": question.conversation,
        "language": question.language,
        "company": question.company,
        "user": question.user,
        "record": question.record,
        "settings": question.settings,
        "deadline_s": deadline_s,
        "deliver": deliver,
    }
    return {name: value for name, value in body.items() if value is not None}


def for_provider(question: Question, turns: list[Turn]) -> dict:
    """The same question where there is no hub: a prompt for completions, else messages with the earlier turns."""
    settings = question.settings
    told = with_record(question.text, question.record)
    common = {"ask": question.ask, "settings": settings}
    if settings.get("mode") == "completion":
        return common | {"prompt": f"{settings.get('prompt_prefix') or ''}{told}{settings.get('prompt_suffix') or ''}"}
    context = settings.get("context")
    system = [{"role": "system", "content": context}] if context else []
    return common | {"messages": [*system, *_said(recent(turns)), {"role": "user", "content": told}]}


def _said(turns):
    for turn in turns:
        yield {"role": "user", "content": turn.question}
        yield {"role": "assistant", "content": turn.answer}


def recent(turns: list[Turn]) -> list[Turn]:
    """The last turns that fit, oldest first. A turn is whole or left out."""
    kept, letters = [], 0
    for turn in reversed(turns[-TURNS:]):
        letters += len(turn.question) + len(turn.answer)
        if letters > LETTERS:
            break
        kept.insert(0, turn)
    return kept


def with_record(text: str, record: dict | None) -> str:
    """The question below what it is about, each field on a line with its label."""
    if not record:
        return text
    lines = [f"{row['label']}: {row['value']}" for row in record.get("fields", ())]
    return "\n".join([str(record.get("name") or ""), *lines, "", text]).strip()


def conversation(database: str, model: str, number: int, asker: str = "") -> str:
    """The name of a conversation. One about a record is its asker's own: others may not read the same fields."""
    return ":".join(filter(None, ["odoo", database, model, str(number), asker]))


def opaque(secret: str, database: str, number: int) -> str:
    """A user's name for the hub: always the same one, and it does not say who it is."""
    return hmac.new(secret.encode(), f"{database}:{number}".encode(), hashlib.sha256).hexdigest()[:32]


def accounts(reply: dict) -> dict:
    """What a reply says of model, tokens and money, for the log. A cost that is not known stays so."""
    usage = reply.get("usage")
    usage = usage if isinstance(usage, dict) else {}
    cost = money(reply.get("cost"))
    return {
        **{name: word(reply.get(name)) for name in ("model", "mode", "currency")},
        **{name: count(usage.get(name)) for name in ("input_tokens", "output_tokens")},
        "priced": cost is not None,
        "cost": cost or 0.0,
    }


def word(said: object) -> str | None:
    """A text, or nothing where it is none."""
    return said if isinstance(said, str) else None


def count(said: object) -> int:
    """A number that PostgreSQL holds as a whole one; 0 where it is none."""
    amount = money(said)
    return int(amount) if amount and 0 < amount < MOST else 0


def fault(said: object) -> dict:
    """What went wrong, as texts: `code`, `sentence`, `fix`, `fault`; with the code `unknown` where nothing is said."""
    told = said if isinstance(said, dict) else {}
    known = {name: word(told.get(name)) or "" for name in ("code", "sentence", "fix", "fault")}
    return known | {"code": known["code"] or "unknown"}


def money(said: object) -> float | None:
    """An amount, or nothing where there is none that can be read."""
    try:
        amount = float(str(said))
    except ValueError:
        return None
    return amount if math.isfinite(amount) else None


def storable(said):
    """What was said, with U+FFFD for each letter in it that no database holds: U+0000, and half of a pair."""
    if isinstance(said, str):
        return UNSTORABLE.sub("\ufffd", said)
    if isinstance(said, dict):
        return {name: storable(value) for name, value in said.items()}
    return [storable(value) for value in said] if isinstance(said, list) else said


def digest(token: str) -> str:
    """What is kept of a callback's token."""
    return hashlib.sha256(token.encode()).hexdigest()


def matches(token: str, kept: str) -> bool:
    """Whether a token is the one whose digest was kept; takes as long for a wrong one as for a right one."""
    return bool(kept) and hmac.compare_digest(digest(token), kept)
