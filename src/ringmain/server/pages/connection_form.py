"""A connection as its form shows it, and what the form says of one."""

from collections.abc import Iterator, Mapping

from ringmain.admin import ConnectionForm
from ringmain.admin.rules import invalid
from ringmain.exchange.connection import Connection, Secret
from ringmain.exchange.prices import said_price
from ringmain.server.pages.forms import Values, number


def connection_values(connection: Connection) -> Values:
    """A connection as its form shows it; the key is never shown."""
    prices = {model: ",".join(said_price(known)) for model, known in connection.prices.items()}
    return {
        "preset": connection.preset.name,
        "base_url": connection.base_url,
        "organization": connection.organization or "",
        "project": connection.project or "",
        "model": connection.model or "",
        "timeout": f"{connection.timeout:g}",
        "aliases": _lines(connection.aliases),
        "prices": _lines(prices),
        "default": "on" if connection.default else "",
    }


def connection_form(values: Values) -> ConnectionForm:
    """What the form says of a connection.

    Raises `SetupError("invalid_setting")`.
    """
    given = {name: text.strip() for name, text in values.items() if text.strip()}
    optional = ("organization", "project", "model", "timeout", "aliases", "prices")
    unset = [name for name in optional if name in values and (name not in given or name in ("aliases", "prices"))]
    if "forget_key" in given:
        unset.append("key")
    return ConnectionForm(
        preset=given.get("preset"),
        base_url=given.get("base_url"),
        key=Secret(given["key"]) if "key" in given else None,
        organization=given.get("organization"),
        project=given.get("project"),
        model=given.get("model"),
        timeout=number("timeout", given["timeout"]) if "timeout" in given else None,
        aliases=dict(_pairs("aliases", given.get("aliases", ""), "OLD=NEW")),
        prices={model: _price(both) for model, both in _pairs("prices", given.get("prices", ""), "MODEL=IN,OUT")},
        default="default" in given,
        unset=tuple(unset),
    )


def _lines(pairs: Mapping[str, str]) -> str:
    return "\n".join(f"{left}={right}" for left, right in pairs.items())


def _pairs(name: str, text: str, form: str) -> Iterator[tuple[str, str]]:
    """Both sides of each line; a model's name may hold an equals sign, a price may not."""
    for line in filter(None, map(str.strip, text.splitlines())):
        left, equals, right = line.rpartition("=") if name == "prices" else line.partition("=")
        if not equals or not left.strip() or not right.strip():
            raise invalid(f"'{line[:60]}' cannot stand in {name}.", f"Write each line as {form}.", name)
        yield left.strip(), right.strip()


def _price(text: str) -> tuple[str, ...]:
    said = tuple(part.strip() for part in text.split(","))
    if len(said) != 2 and "/" not in text:
        fix = "Write each line as MODEL=IN,OUT, or MODEL=USD/min, MODEL=USD/Mchar."
        raise invalid(f"'{text[:40]}' is not two prices.", fix, "prices")
    return said
