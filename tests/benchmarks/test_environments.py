"""Where other gateways are installed."""

import subprocess
import zipfile
from pathlib import Path

import pytest

from benchmarks.environments import with_pip
from benchmarks.machine import Skipped


def make_wheel(file: Path) -> None:
    """A package `one` that says its name."""
    about = "one-1.dist-info"
    with zipfile.ZipFile(file, "w") as wheel:
        wheel.writestr("one.py", "print(__name__)")
        wheel.writestr(f"{about}/METADATA", "Metadata-Version: 2.1\nName: one\nVersion: 1\n")
        wheel.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{about}/RECORD", "")


def test_an_environment_is_made_once_and_counts_only_when_it_is_complete(tmp_path: Path) -> None:
    folder, wheel = tmp_path / "environments" / "one", tmp_path / "one-1-py3-none-any.whl"
    with pytest.raises(Skipped, match=r"it cannot be installed: .*one-1-py3-none-any\.whl"):
        with_pip(folder, str(wheel))
    make_wheel(wheel)
    with_pip(folder, str(wheel))
    wheel.unlink()
    with_pip(folder, str(wheel))
    said = subprocess.run([folder / "bin" / "python", "-c", "import one"], capture_output=True, text=True, check=True)
    assert said.stdout == "one\n"
