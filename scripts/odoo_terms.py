"""The translations of the Odoo addon after its texts have changed: `python scripts/odoo_terms.py TEMPLATE.pot`.

TEMPLATE.pot is what `odoo i18n export ringmain -l pot -o TEMPLATE.pot` writes in a database with the addon.
It becomes the addon's own, the `.po` files get its texts, and what is still to be translated is listed.
"""

import sys
from pathlib import Path

import polib

I18N = Path(__file__).parents[1] / "src/ringmain/hosts/odoo/inside/19.0/ringmain/i18n"


def renew(template: Path) -> list[str]:
    """What is missing, one line a text; obsolete texts are gone."""
    fresh = polib.pofile(str(template))
    (I18N / "ringmain.pot").write_text(template.read_text())
    return [line for file in sorted(I18N.glob("*.po")) for line in merged(file, fresh)]


def merged(file: Path, fresh: polib.POFile) -> list[str]:
    """A translation with exactly the texts of the template, in their order; what it lacks."""
    old = polib.pofile(str(file))
    known = {entry.msgid: entry.msgstr for entry in old if not entry.obsolete}
    new = polib.POFile(wrapwidth=old.wrapwidth)
    new.header, new.metadata = old.header, old.metadata
    new.extend(with_text(entry, known.get(entry.msgid, "")) for entry in fresh)
    new.save(str(file))
    return [f"{file.name}: {entry.msgid!r}" for entry in new if not entry.msgstr]


def with_text(entry: polib.POEntry, said: str) -> polib.POEntry:
    """The template's entry with its translation."""
    return polib.POEntry(msgid=entry.msgid, msgstr=said, comment=entry.comment, occurrences=entry.occurrences)


if __name__ == "__main__":
    missing = renew(Path(sys.argv[1]))
    print("\n".join(missing) or "Nothing is missing.")
    sys.exit(bool(missing))
