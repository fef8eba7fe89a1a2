"""Which way a node is left."""

from typing import Any

import msgspec

from ringmain.hosts.glific.flows.cases import Heard, fits, words
from ringmain.hosts.glific.flows.definition import Case, Category, Flow, Router
from ringmain.hosts.glific.flows.expression import evaluated
from ringmain.hosts.glific.flows.substitution import Binding, substitute

RESERVED = ("No Response", "Exit Loop", "Success", "Failure")
"""Texts that choose a category by its name, whoever says them; where there is none, the flow breaks off."""


class Choice(msgspec.Struct, frozen=True):
    """A category, and whether it was for several answers at once; None where a reserved text names none."""

    category: Category | None
    several: bool = False


def chosen(flow: Flow, router: Router, heard: Heard, *, language: str, draw: int) -> Choice:
    """What an input amounts to; `draw` is a number drawn by lot.

    Raises `Beyond` for a case of an unknown type.
    """
    if heard.text in RESERVED and heard.intent is None:
        return Choice(router.named(heard.text))
    if router.type == "random":
        return Choice(router.categories[draw % len(router.categories)])
    for case in router.cases:
        if fits(case.type, heard, _arguments(flow, case, language)):
            return Choice(router.category(case.category_uuid), case.type == "has_multiple")
    return Choice(router.category(router.default_category_uuid))


def _arguments(flow: Flow, case: Case, language: str) -> tuple[str, ...]:
    told = flow.translated(language, case.uuid, "arguments")
    return tuple(str(one) for one in told) if isinstance(told, list) else case.arguments


def name_of(flow: Flow, category: Category, language: str) -> str:
    """The category's name in this language."""
    told = flow.translated(language, category.uuid, "name")
    first = told[0] if isinstance(told, list) and told else told
    return first if isinstance(first, str) else category.name


def looked_at(router: Router, binding: Binding, groups: tuple[str, ...]) -> Heard:
    """What a node that waits for nobody looks at.

    Raises `Beyond`.
    """
    operand = router.operand or ""
    if operand == "@contact.groups":
        return Heard(text=substitute(operand, binding), groups=groups)
    if operand.startswith("@fields."):
        operand = f"@contact.{operand[1:]}"
    return Heard(text=evaluated(substitute(operand, binding)))


def result(heard: Heard, category: str, *, several: bool, at: str) -> dict[str, Any]:
    """What is remembered of an input."""
    if heard.kind == "location":
        place = {"latitude": heard.latitude, "longitude": heard.longitude}
        return {**place, "category": "location", "inserted_at": at}
    if heard.kind not in ("text", "choice"):
        media = {"url": heard.url, "source_url": heard.url, "caption": heard.text or None}
        return {**media, "category": "media", "input": heard.url, "inserted_at": at}
    told: dict[str, Any] = {"input": heard.text, "category": category, "inserted_at": at}
    if heard.intent is not None:
        told |= {"intent": heard.intent, "confidence": heard.confidence}
    if several:
        told["selected"] = sorted(words(heard.text))
    return told
