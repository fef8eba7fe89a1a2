"""README.rst of the Odoo addon, made from its readme/*.md as OCA's addons have it: `python scripts/odoo_readme.py`.

Fragments are written in little: paragraphs, lists, `code`, *emphasis*, **strong**.
"""

import ast
import re
import sys
from pathlib import Path

ADDON = Path(__file__).parents[1] / "src/ringmain/hosts/odoo/inside/19.0/ringmain"

SECTIONS = {
    "CONFIGURE": "Configuration",
    "USAGE": "Usage",
    "ROADMAP": "Known issues / Roadmap",
    "CONTRIBUTORS": "Contributors",
}
"""The fragments behind the description, and the headings that they get."""

NOTE = ".. This file is made from readme/*.md by scripts/odoo_readme.py."


def readme(addon: Path) -> str:
    """The whole text."""
    manifest = ast.literal_eval((addon / "__manifest__.py").read_text())
    parts = [NOTE, heading(manifest["name"], "="), badges(manifest), fragment(addon, "DESCRIPTION")]
    for name, title in SECTIONS.items():
        parts += [heading(title, "="), fragment(addon, name)]
    return "\n\n".join(parts) + "\n"


def heading(title: str, line: str) -> str:
    """A title with its line below."""
    return f"{title}\n{line * len(title)}"


def badges(manifest: dict[str, str]) -> str:
    """Version and licence, in words."""
    return f"Version {manifest['version']}, {manifest['development_status']}, licence {manifest['license']}."


def fragment(addon: Path, name: str) -> str:
    """A fragment in reStructuredText."""
    text = (addon / "readme" / f"{name}.md").read_text().strip()
    text = re.sub(r"`([^`]+)`", r"``\1``", text)
    # A list stands apart from the line before it.
    return re.sub(r"(?m)^(?![*\d ])(.+)\n(?=(?:\*|\d+\.) )", r"\1\n\n", text)


if __name__ == "__main__":
    target = ADDON / "README.rst"
    if "--check" in sys.argv:
        sys.exit(
            None if target.read_text() == readme(ADDON) else "README.rst is not what scripts/odoo_readme.py makes."
        )
    target.write_text(readme(ADDON))
