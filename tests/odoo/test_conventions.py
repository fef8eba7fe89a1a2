"""What OCA asks of an addon: its linter, fresh and whole translations, a wheel that Odoo finds."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import msgspec
import polib
import pytest

from tests.odoo.odoo import ADDON, BASE, READY, Odoo

AUTHOR = "ringmain"
"""OCA's own name stands only in what was proposed there."""

TRANSLATED = sorted((ADDON / "i18n").glob("*.po"))
SLOT = re.compile(r"%\(\w+\)s|%s|%d|\{\w*\}|%%")


def test_odoos_linter_finds_nothing() -> None:
    wanted = ("--load-plugins=pylint_odoo", "--disable=all", "--enable=odoolint", "--valid-odoo-versions=19.0")
    command = [sys.executable, "-m", "pylint", *wanted, f"--manifest-required-authors={AUTHOR}", str(ADDON)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_template_of_the_translations_is_fresh(odoo: Odoo) -> None:
    kept = (ADDON / "i18n/ringmain.pot").read_text()
    assert undated(odoo.terms(READY, "ringmain")) == undated(kept)


def undated(template: str) -> str:
    """A template without the time at which it was written."""
    return re.sub(r'^"(?:POT-Creation|PO-Revision)-Date: .*$', "", template, flags=re.M)


def test_there_are_two_translations() -> None:
    assert len(TRANSLATED) >= 2
    assert "en.po" not in {file.name for file in TRANSLATED}


@pytest.mark.parametrize("file", TRANSLATED, ids=lambda file: file.stem)
def test_a_translation_has_every_text_with_its_slots(file: Path) -> None:
    texts = {entry.msgid for entry in polib.pofile(str(ADDON / "i18n/ringmain.pot"))}
    told = {entry.msgid: entry.msgstr for entry in polib.pofile(str(file)) if not (entry.obsolete or entry.fuzzy)}
    assert set(told) == texts
    assert [text for text, said in told.items() if not said.strip()] == []
    assert [text for text, said in told.items() if sorted(SLOT.findall(text)) != sorted(SLOT.findall(said))] == []


def test_its_wheel_is_found_by_odoo_without_an_addons_path(odoo: Odoo, tmp_path: Path) -> None:
    source = tmp_path / "ringmain"
    shutil.copytree(ADDON, source, ignore=shutil.ignore_patterns("__pycache__"))
    pip = (sys.executable, "-m", "pip", "-q", "--disable-pip-version-check")
    run(*pip, "wheel", "--no-deps", "--no-build-isolation", "-w", tmp_path, source)
    (wheel,) = tmp_path.glob("*.whl")
    assert wheel.name.startswith("odoo_addon_ringmain-19.0.")
    site = odoo.place.own("wheel")
    shutil.rmtree(site)
    run(*pip, "install", "--no-deps", "--target", site, wheel)
    plain = msgspec.structs.replace(odoo, addons=(), packages=site)
    with plain.scratch(BASE) as database:
        plain.install(database, "ringmain")


def run(*command: object) -> None:
    """It must not fail."""
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
