"""Where Flyte 2 is not installed that is said by its name, and the room loads nothing of it."""

import subprocess
import sys

WITHOUT = "import sys; sys.modules['flyte'] = None; "


def ended(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)


def test_without_flyte_the_error_names_what_to_install() -> None:
    done = ended(WITHOUT + "from ringmain.hosts.flyte.v2 import chat")
    assert done.returncode == 1
    told = "ImportError: ringmain.hosts.flyte.v2 needs flyte: pip install 'ringmain[flyte2]'"
    assert done.stderr.splitlines()[-1] == told


def test_what_else_is_missing_is_told_as_it_is() -> None:
    ours = "ringmain.hosts.flyte.inside.asking"
    done = ended(
        f"import sys; sys.modules['flyte'] = sys; sys.modules['{ours}'] = None; import ringmain.hosts.flyte.v2"
    )
    assert done.stderr.splitlines()[-1].startswith(f"ModuleNotFoundError: import of {ours} halted")
    assert "ringmain[flyte2]" not in done.stderr
    assert done.returncode == 1


def test_the_rooms_index_loads_nothing_of_either_sdk() -> None:
    code = "import ringmain.hosts.flyte, sys; print(*sys.modules)"
    loaded = ended(WITHOUT + code).stdout.split()
    assert "ringmain.hosts.flyte" in loaded
    assert not [name for name in loaded if name.startswith(("ringmain.hosts.flyte.", "flytekit", "openai"))]


def test_what_decides_about_retries_loads_no_sdk() -> None:
    done = ended(WITHOUT + "sys.modules['flytekit'] = None; import ringmain.hosts.flyte.inside.outcome")
    assert done.returncode == 0, done.stderr
