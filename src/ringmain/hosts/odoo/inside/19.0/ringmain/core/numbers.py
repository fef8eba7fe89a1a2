# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""OpenAI's parameters as an admin types them: what is empty is not sent."""

import math

from .faults import Fault, _lt

RANGES = {
    "temperature": (0.0, 2.0),
    "top_p": (0.0, 1.0),
    "presence_penalty": (-2.0, 2.0),
    "frequency_penalty": (-2.0, 2.0),
}


def number(name: str, text: str | None) -> float | None:
    """The number that a parameter is set to, also with a comma; None where it is empty. Raises `Fault`."""
    if not text or not text.strip():
        return None
    least, most = RANGES[name]
    try:
        value = float(text.strip().replace(",", "."))
    except ValueError:
        value = math.nan
    if not least <= value <= most:
        raise Fault(
            "invalid_setting",
            _lt("'%(text)s' is no value for %(name)s."),
            _lt("Enter a number from %(least)s to %(most)s, or leave it empty."),
            text=text,
            name=name,
            least=f"{least:g}",
            most=f"{most:g}",
        )
    return value
