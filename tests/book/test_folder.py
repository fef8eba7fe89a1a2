"""One hub a data folder."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ringmain.book import lock_folder
from ringmain.errors import SetupError

HOLDER = (
    "import sys; from pathlib import Path; from ringmain.book import lock_folder; "
    "held = lock_folder(Path(sys.argv[1])); print('held', flush=True); sys.stdin.read()"
)


def test_a_second_hub_is_told_the_folder_and_the_process_that_has_it(tmp_path):
    path = os.pathsep.join(filter(None, sys.path))
    child = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path / "data")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": path},
    )
    with child:
        assert child.stdout.readline() == b"held\n"
        with pytest.raises(SetupError) as told:
            lock_folder(tmp_path / "data")
        assert told.value.code == "data_folder_in_use"
        assert str(tmp_path / "data") in told.value.sentence
        assert str(child.pid) in told.value.sentence
        child.kill()
    lock_folder(tmp_path / "data").close()


def test_a_folder_that_was_let_go_can_be_had_again(tmp_path):
    with lock_folder(tmp_path) as held:
        assert held.folder == tmp_path
        assert (tmp_path / "hub.lock").read_text() == f"{os.getpid()}\n"
    held.close()
    with lock_folder(tmp_path):
        pass


@pytest.mark.parametrize("where", ["a file in the way", "a folder nobody can write in"])
def test_a_folder_that_cannot_be_written_is_told_with_a_fix(tmp_path, where):
    folder = Path("/proc/ringmain")
    if where == "a file in the way":
        (tmp_path / "file").touch()
        folder = tmp_path / "file" / "data"
    with pytest.raises(SetupError) as told:
        lock_folder(folder)
    assert told.value.code == "data_folder_unusable"
    assert str(folder) in told.value.sentence
    assert "RINGMAIN_DATA" in told.value.fix
