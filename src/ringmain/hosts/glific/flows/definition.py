"""What a flow consists of, by the names that its editor has for them."""

from typing import Any

import msgspec


class Exit(msgspec.Struct, frozen=True, kw_only=True):
    """One way out of a node; without a destination the flow ends there."""

    uuid: str
    destination_uuid: str | None = None


class Category(msgspec.Struct, frozen=True, kw_only=True):
    """What an input may amount to, and the exit that it then takes."""

    uuid: str
    name: str
    exit_uuid: str


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """A test of an input, and the category of those that pass it."""

    uuid: str
    type: str
    category_uuid: str
    arguments: tuple[str, ...] = ()


class Timeout(msgspec.Struct, frozen=True, kw_only=True):
    """How long a node waits, in seconds or by an expression, and the category of those who say nothing."""

    seconds: int | None = None
    category_uuid: str | None = None
    expression: str | None = None


class Wait(msgspec.Struct, frozen=True, kw_only=True):
    """That a node waits for a message."""

    type: str = "msg"
    timeout: Timeout | None = None


class Router(msgspec.Struct, frozen=True, kw_only=True):
    """How a node chooses among its categories."""

    type: str
    categories: tuple[Category, ...]
    operand: str | None = None
    cases: tuple[Case, ...] = ()
    default_category_uuid: str | None = None
    result_name: str | None = None
    wait: Wait | None = None

    def named(self, name: str) -> Category | None:
        """The category of this name."""
        return next((one for one in self.categories if one.name == name), None)

    def category(self, uuid: str | None) -> Category | None:
        """The category of this id."""
        return next((one for one in self.categories if one.uuid == uuid), None)


class Action(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that a node does; `more` has its fields as the file has them."""

    uuid: str
    type: str
    more: dict[str, Any] = {}

    def text(self, name: str) -> str:
        """A field that is a text; empty where it is none."""
        value = self.more.get(name)
        return value if isinstance(value, str) else ""

    def rows(self, name: str) -> list[Any]:
        """A field that is a list; empty where it is none."""
        value = self.more.get(name)
        return value if isinstance(value, list) else []

    def table(self, name: str) -> dict[str, Any]:
        """A field that is an object; empty where it is none."""
        value = self.more.get(name)
        return value if isinstance(value, dict) else {}


class Node(msgspec.Struct, frozen=True, kw_only=True):
    """A box of the editor."""

    uuid: str
    actions: tuple[Action, ...]
    exits: tuple[Exit, ...]
    router: Router | None = None

    @property
    def terminal(self) -> bool:
        """Whether the flow ends here, whichever way the node is left."""
        return all(one.destination_uuid is None for one in self.exits)

    @property
    def webhook(self) -> Action | None:
        """The webhook that this node calls, if it does."""
        return next((one for one in self.actions[:1] if one.type == "call_webhook"), None)

    def exit(self, uuid: str) -> Exit | None:
        """The exit of this id."""
        return next((one for one in self.exits if one.uuid == uuid), None)


class Flow(msgspec.Struct, frozen=True, kw_only=True):
    """A whole flow; `localization` is language → id of a part → its fields in that language."""

    uuid: str
    name: str
    start: str
    nodes: dict[str, Node]
    localization: dict[str, dict[str, dict[str, Any]]] = {}
    keywords: tuple[str, ...] = ()

    def translated(self, language: str, uuid: str, field: str) -> Any:
        """A field of a part in this language; None where nobody translated it."""
        found = self.localization.get(language, {}).get(uuid, {})
        value = found.get(field)
        return None if value in (None, "", [], [""], [None]) else value
