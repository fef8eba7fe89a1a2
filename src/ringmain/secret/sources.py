"""Where a secret may be found, in the order in which it is looked for."""

import importlib
import os
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from ringmain.errors import SetupError
from ringmain.secret.found import Found
from ringmain.secret.safe import own_safe
from ringmain.settings import Settings

SERVICE = "ringmain"
"""The keyring's name for what belongs to us: `keyring set ringmain OPENAI_API_KEY` keeps one."""

REAL = ("SecretService", "libsecret", "kwallet", "macOS", "Windows")
"""The keyring's back ends that keep a secret; others keep none, or keep it for everybody to read."""


def find(name: str, *, given: str | None = None) -> Found | None:
    """The secret as the first source has it, from `given` to the notebook's own host.

    Raises `SetupError`: `invalid_setting` for a file that is named and cannot be read; what a safe raises.
    """
    if given and given.strip():
        return Found(given.strip(), "what was given")
    return next((found for look in SOURCES if (found := look(name))), None)


def in_environment(name: str) -> Found | None:
    """What the variable of this name says."""
    text = os.environ.get(name, "").strip()
    return Found(text, f"the environment variable {name}") if text else None


def in_file(name: str) -> Found | None:
    """What the file holds that `NAME_FILE` names, as containers are given their secrets."""
    path = os.environ.get(f"{name}_FILE", "").strip()
    if not path:
        return None
    try:
        text = Path(path).expanduser().read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is no text"
        sentence = f"The file {path} that {name}_FILE names cannot be read: {why}."
        raise SetupError("invalid_setting", sentence, fix=f"Mend it, or take {name}_FILE away.") from error
    return Found(text, f"the file that {name}_FILE names") if text else None


def in_safe(name: str, settings: Settings | None = None) -> Found | None:
    """What `add` has kept."""
    text = own_safe(settings).get(name)
    return Found(text, "what is kept here") if text else None


def in_keyring(name: str) -> Found | None:
    """What the system's keyring has, where it is a real one."""
    told = (_text(_quietly(partial(back.get_password, SERVICE, name))) for back in _quietly(_backends) or ())
    text = next(filter(None, told), "")
    return Found(text, "the system's keyring") if text else None


def _backends() -> list[Any]:
    """The real ones behind the one that is in use: a chain may lead to some that keep plain text."""
    used = importlib.import_module("keyring").get_keyring()
    chained = getattr(used, "backends", None) or [used]
    return [back for back in chained if type(back).__module__ in {f"keyring.backends.{name}" for name in REAL}]


def in_host(name: str) -> Found | None:
    """What Colab, Kaggle or Naas keep for this notebook, where it runs there."""
    told = ((host, _text(_quietly(partial(ask, name)))) for host, ask in HOSTS.items())
    return next((Found(text, f"the secrets of {host}") for host, text in told if text), None)


def _quietly(ask: Callable[[], Any]) -> Any:
    """What somebody else's code gives; None where it is not there, has none, may not tell, or fails in its own way."""
    try:
        return ask()
    except Exception:
        return None


def _text(told: Any) -> str:
    return told.strip() if isinstance(told, str) else ""


def _colab(name: str) -> Any:
    return importlib.import_module("google.colab.userdata").get(name) if "google.colab" in sys.modules else None


def _kaggle(name: str) -> Any:
    return importlib.import_module("kaggle_secrets").UserSecretsClient().get_secret(name)


def _naas(name: str) -> Any:
    # Another package has its name today, and the old one asks its own servers: only where the notebook uses it anyway.
    return sys.modules["naas"].secret.get(name)


HOSTS: dict[str, Callable[[str], Any]] = {"Colab": _colab, "Kaggle": _kaggle, "Naas": _naas}

SOURCES = (in_environment, in_file, in_safe, in_keyring, in_host)
