"""What the environment and one file say, read once; the environment wins, and `sources` says what came from where."""

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import platformdirs

from ringmain.addresses import HOST, HUB, check_base
from ringmain.errors import SetupError
from ringmain.exchange.connection import Secret

VARIABLES = {
    "data": "RINGMAIN_DATA",
    "secret_file": "RINGMAIN_SECRET_FILE",
    "secret_key": "RINGMAIN_SECRET_KEY",
    "database_url": "RINGMAIN_DATABASE_URL",
    "model": "RINGMAIN_MODEL",
    "public_url": "RINGMAIN_PUBLIC_URL",
    "admin_token": "RINGMAIN_ADMIN_TOKEN",
    "tooljet_marketplace": "RINGMAIN_TOOLJET_MARKETPLACE",
    "url": "RINGMAIN_URL",
    "key": "RINGMAIN_KEY",
    "openai_api_key": "OPENAI_API_KEY",
    "openai_base_url": "OPENAI_BASE_URL",
    "openai_organization": "OPENAI_ORG_ID",
    "openai_project": "OPENAI_PROJECT_ID",
}
"""Setting → environment variable."""

SECRETS = frozenset({"secret_key", "admin_token", "key", "openai_api_key"})
"""Settings that a file may not hold, because files are copied and shown."""

ADDRESSES = {"url": HUB, "public_url": HUB, "tooljet_marketplace": HOST}
"""Settings that are addresses → whose."""

FILE = "ringmain.toml"
"""In the user's config folder: the settings above by their names."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that does not lie in the store."""

    data: Path
    secret_file: Path
    secret_key: Secret = Secret()
    database_url: str | None = None
    model: str | None = None
    public_url: str | None = None
    admin_token: Secret = Secret()
    tooljet_marketplace: str | None = None
    """From which the room of ToolJet passes on other people's plugins."""
    url: str | None = None
    """Of a hub that this process is a client of."""
    key: Secret = Secret()
    """The host key for that hub."""
    openai_api_key: Secret = Secret()
    openai_base_url: str | None = None
    openai_organization: str | None = None
    openai_project: str | None = None
    sources: dict[str, str] = {}
    """Setting → the environment variable or file that set it."""

    @property
    def store_url(self) -> str:
        """Where the store lies: the database that is set, else SQLite in the data folder."""
        return self.database_url or f"sqlite:///{self.data / 'ringmain.db'}"


def read_settings(environ: Mapping[str, str] | None = None, *, data: Path | None = None) -> Settings:
    """The settings of this process; `data` is what the command line says and wins over both.

    Raises `SetupError("invalid_setting")` for a file that cannot be read or holds an unknown name or a secret,
    and for a hub's address that is none.
    """
    environ = os.environ if environ is None else environ
    config = platformdirs.user_config_path("ringmain")
    file = config / FILE
    written = _read_file(file)
    given = {name: text for name, variable in VARIABLES.items() if (text := environ.get(variable, "").strip())}
    values: dict[str, Any] = {**written, **given}
    values |= {name: Secret(values[name]) for name in SECRETS & values.keys()}
    folder = values.pop("data", "")
    sources = {name: str(file) for name in written} | {name: VARIABLES[name] for name in given}
    _check_addresses(values, sources)
    data = (data or Path(folder or platformdirs.user_data_path("ringmain"))).expanduser().absolute()
    return Settings(
        data=data,
        secret_file=Path(values.pop("secret_file", "") or _key_file(config, data)).expanduser().absolute(),
        sources=sources,
        **values,
    )


def _key_file(config: Path, data: Path) -> Path:
    """In the config folder, or beside it where that is the data folder, as on macOS: lock and key lie apart."""
    folder = config.with_name(f"{config.name}-key") if config.absolute().is_relative_to(data) else config
    return folder / "secret.key"


def _check_addresses(values: dict[str, Any], sources: dict[str, str]) -> None:
    for name in (name for name in ADDRESSES if values.get(name)):
        try:
            check_base(values[name], of=ADDRESSES[name])
        except SetupError as e:
            raise SetupError("invalid_setting", f"{sources[name]}: {e.sentence}", fix=e.fix) from e


def _read_file(file: Path) -> dict[str, str]:
    try:
        written = tomllib.loads(file.read_text())
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as e:
        raise SetupError("invalid_setting", f"{file} cannot be read: {e}.", fix="Mend or remove it.") from e
    for name, value in written.items():
        if name not in VARIABLES or name in SECRETS or not isinstance(value, str):
            raise SetupError("invalid_setting", f"{file} may not set '{name}' so.", fix=_fix(name))
    return written


def _fix(name: str) -> str:
    if name in SECRETS:
        return f"Secrets do not belong in this file; set {VARIABLES[name]} instead."
    return f"It takes strings for: {', '.join(sorted(set(VARIABLES) - SECRETS))}."
