"""The names of secrets, as a table that has no value to show."""

from html import escape
from typing import NamedTuple

from ringmain.secret.safe import own_safe
from ringmain.secret.sources import in_environment, in_file

USUAL = ("OPENAI_API_KEY", "RINGMAIN_KEY")
"""Names that are looked for where nobody keeps a list of what there is."""


class Known(NamedTuple):
    """A secret's name, and where `get` would find it."""

    name: str
    source: str


class Names(tuple[Known, ...]):
    """Names of secrets and their sources; a notebook shows them as a table, `pandas.DataFrame(…)` makes one of them."""

    def __repr__(self) -> str:
        wide = max((len(each.name) for each in self), default=0)
        return "\n".join(f"{each.name:{wide}}  {each.source}" for each in self) or "No secrets."

    def _repr_html_(self) -> str:
        if not self:
            return "<p>No secrets.</p>"
        rows = "".join(f"<tr><td>{escape(each.name)}</td><td>{escape(each.source)}</td></tr>" for each in self)
        return f"<table><thead><tr><th>Name</th><th>Source</th></tr></thead><tbody>{rows}</tbody></table>"


def known() -> Names:
    """What is kept, and the usual names where they are set."""
    kept = set(own_safe().names())
    found = ((name, _source(name, name in kept)) for name in sorted(kept | set(USUAL)))
    return Names(Known(name, source) for name, source in found if source)


def _source(name: str, kept: bool) -> str:
    """In the words of `get`, without opening anything."""
    before = in_environment(name) or in_file(name)
    if before is None:
        return "what is kept here" if kept else ""
    return f"{before.source}, before what is kept here" if kept else before.source
