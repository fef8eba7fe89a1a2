"""What `add` keeps: one file of sealed texts in the data folder, for its owner only."""

import base64
import contextlib
import fcntl
import json
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ringmain.errors import SetupError
from ringmain.files import write_new
from ringmain.settings import Settings, read_settings

if TYPE_CHECKING:
    from ringmain.store.secrets import KeyRing

FILE = "secrets.json"
"""In the data folder: name → what was sealed, in base64."""

PLACE = "ringmain:secret"
"""What a secret is sealed for in an address's place: it is meant for whoever keeps it, and may go anywhere."""


def own_safe(settings: Settings | None = None) -> "Safe":
    """The safe of this user's data folder. Raises `SetupError("invalid_setting")`."""
    return Safe(settings or read_settings())


def check_name(name: str) -> None:
    """Nothing, where a secret may have this name. Raises `SetupError("invalid_setting")`."""
    if not isinstance(name, str) or not name.strip() or not name.isprintable() or len(name) > 200:
        raise SetupError("invalid_setting", "A secret needs a name.", fix='For example "OPENAI_API_KEY".', param="name")


class Safe:
    """Secrets sealed by the key ring that seals providers' keys; safe to use from threads and processes at once."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._file = settings.data / FILE

    def names(self) -> list[str]:
        """What is kept, by name. Raises `SetupError("data_folder_unusable")`."""
        return sorted(self._read())

    def get(self, name: str) -> str | None:
        """The secret of this name, where one is kept.

        Raises `SetupError`: `wrong_secret_file`, `secret_locked`, `data_folder_unusable`.
        """
        sealed = self._read().get(name)
        return None if sealed is None else self._open(self._keys(), name, sealed)

    def put(self, name: str, text: str) -> None:
        """Keep a secret in the place of what had its name."""
        if not isinstance(text, str) or not text.strip():
            raise SetupError("invalid_setting", "The secret is empty.", fix="Give a text.", param="secret")
        with self._alone():
            held = self._read()
            self._write({**held, name: _seal(self._keys(create=not held), name, text.strip())})

    def remove(self, name: str) -> bool:
        """Whether there was one."""
        if name not in self._read():
            return False
        with self._alone():
            held = self._read()
            found = held.pop(name, None)
            self._write(held)
            return found is not None

    def check(self, keys: "KeyRing") -> None:
        """Nothing, where every secret opens with these keys. Raises `SetupError` as `get` does."""
        for name, sealed in self._read().items():
            self._open(keys, name, sealed)

    def seal_anew(self, keys: "KeyRing") -> int:
        """How many secrets were sealed again, by the newest of these keys, which must open them all."""
        if not self._read():
            return 0
        with self._alone():
            held = self._read()
            self._write({name: _seal(keys, name, self._open(keys, name, sealed)) for name, sealed in held.items()})
            return len(held)

    def _keys(self, *, create: bool = False) -> "KeyRing":
        from ringmain.store.secrets import keys_of

        try:
            return keys_of(self._settings, create=create)
        except SetupError as error:
            if error.code != "wrong_secret_file":
                raise
            fix = f"Put it back from your backup, or take {self._file} away and add the secrets again."
            raise SetupError(error.code, error.sentence, fix=fix) from error

    def _open(self, keys: "KeyRing", name: str, sealed: str) -> str:
        try:
            return keys.open(base64.b64decode(sealed), owner=_owner(name), base_url=PLACE)
        except (SetupError, ValueError, TypeError) as error:
            code = error.code if isinstance(error, SetupError) else "secret_locked"
            fix = f"Put the key file back that was in use, or add it again with ringmain.secret.add({name!r})."
            raise SetupError(code, f"The secret '{name}' that is kept does not open.", fix=fix) from error

    def _read(self) -> dict[str, str]:
        try:
            held = json.loads(self._file.read_text(encoding="ascii"))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            raise _unusable(self._file, error) from error
        if not isinstance(held, dict):
            raise _unusable(self._file, ValueError("it holds no names"))
        return held

    def _write(self, held: dict[str, str]) -> None:
        draft = self._file.with_name(f".{FILE}.{secrets.token_hex(8)}")
        try:
            write_new(draft, json.dumps(held, indent=1))
            draft.replace(self._file)
        except OSError as error:
            with contextlib.suppress(OSError):
                draft.unlink()
            raise _unusable(self._file, error) from error

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """Nobody else changes the file meanwhile; whoever reads finds it whole, before or after."""
        folder = self._file.parent
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            held = os.open(folder, os.O_RDONLY)
        except OSError as error:
            raise _unusable(folder, error) from error
        try:
            _lock(held, folder)
            yield
        finally:
            os.close(held)


def _lock(held: int, folder: Path) -> None:
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
    except OSError as error:
        # Some folders that lie elsewhere know no locks.
        raise _unusable(folder, error) from error


def _seal(keys: "KeyRing", name: str, text: str) -> str:
    return base64.b64encode(keys.seal(text, owner=_owner(name), base_url=PLACE)).decode()


def _owner(name: str) -> str:
    return f"secret/{name}"


def _unusable(path: Path, error: Exception) -> SetupError:
    why = getattr(error, "strerror", None) or "it is not what ringmain has written"
    fix = "Make it usable, name another data folder with RINGMAIN_DATA, or take the file away and add them again."
    return SetupError("data_folder_unusable", f"The secrets in {path} cannot be used: {why}.", fix=fix)
