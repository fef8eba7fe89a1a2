"""Files that hold a secret."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ringmain.files import write_new, write_once


def test_of_many_who_make_a_file_one_does_and_all_read_it_whole(tmp_path: Path) -> None:
    def make(text: str) -> tuple[bool, str]:
        return write_once(file, text * 1000), file.read_text()

    for round in range(20):
        file = tmp_path / str(round) / "secret"
        with ThreadPoolExecutor(8) as pool:
            made = list(pool.map(make, "abcdefgh"))
        assert sum(mine for mine, _ in made) == 1
        assert {text for _, text in made} == {file.read_text()}
        assert [left.name for left in file.parent.iterdir()] == ["secret"]
        assert file.stat().st_mode & 0o777 == 0o600
        assert file.parent.stat().st_mode & 0o777 == 0o700


def test_a_file_that_is_there_is_never_written_over(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    write_new(file, "first")
    assert not write_once(file, "second")
    with pytest.raises(FileExistsError):
        write_new(file, "third")
    assert file.read_text() == "first"
