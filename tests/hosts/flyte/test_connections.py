"""Which connection a task may ask, and where its key comes from."""

from pathlib import Path

import pytest

from ringmain.errors import RingmainError
from ringmain.exchange.connection import Connection
from ringmain.exchange.model import Model
from ringmain.exchange.prices import price_of
from ringmain.hosts.flyte.inside.connections import FILE, batch_price, connection_for, read_file
from ringmain.settings import read_settings

TOLD = """
[connections.main]
base_url = "https://main.example.org/v1"
secret = "MAIN_KEY"
allow = ["flytesnacks/*", "research/production"]
timeout = 30
prices = { big = "1,2" }

[connections.local]
base_url = "http://vllm.models.svc:8000/v1"
allow = ["*"]
"""


def chosen(
    name: str | None = None, place: str = "flytesnacks/development", *, owned: bool = False, **env
) -> Connection:
    """The connection, with secrets and settings out of one environment."""
    settings = read_settings(env, data=Path("unused"))
    return connection_for(name, place=place, settings=settings, look=env.get, owned=owned)


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / "flyte.toml"
    file.write_text(TOLD)
    monkeypatch.setenv(FILE, str(file))
    return file


def test_flytes_own_secret_goes_before_openais() -> None:
    assert chosen(FLYTE_OPENAI_API_KEY="sk-a", OPENAI_API_KEY="sk-b").key.reveal() == "sk-a"
    assert chosen(OPENAI_API_KEY="sk-b").key.reveal() == "sk-b"


def test_the_environment_names_the_address_and_a_keyless_one_needs_no_secret() -> None:
    assert chosen(FLYTE_OPENAI_API_KEY="sk-a").base_url == "https://api.openai.com/v1"
    assert chosen(OPENAI_BASE_URL="http://localhost:8000/v1").base_url == "http://localhost:8000/v1"
    with pytest.raises(RingmainError, match="_FSEC_FLYTE_OPENAI_API_KEY"):
        chosen()


def test_a_tasks_organization_goes_before_the_environments() -> None:
    environ = {"FLYTE_OPENAI_API_KEY": "sk-a", "OPENAI_ORG_ID": "org-env"}
    assert chosen(**environ).organization == "org-env"
    assert chosen(owned=True, **environ).organization is None


@pytest.mark.usefixtures("file")
def test_a_named_connection_has_its_own_address_and_key() -> None:
    main = chosen("main", MAIN_KEY="sk-main", OPENAI_API_KEY="sk-b", OPENAI_BASE_URL="http://elsewhere.example/v1")
    assert (main.base_url, main.key.reveal(), main.timeout) == ("https://main.example.org/v1", "sk-main", 30)
    assert main.prices["big"].output == 2_000_000
    assert not chosen("local", "any/where", OPENAI_API_KEY="sk-b").key


@pytest.mark.usefixtures("file")
@pytest.mark.parametrize("place", ["other/development", "research/development", "flytesnacks", "x/flytesnacks/dev"])
def test_only_what_the_list_allows_may_use_it(place: str) -> None:
    with pytest.raises(RingmainError, match=f"{place} may not use the connection 'main'"):
        chosen("main", place, MAIN_KEY="sk-main")


@pytest.mark.usefixtures("file")
def test_a_name_that_the_connector_does_not_hold_is_told_with_those_that_it_does() -> None:
    with pytest.raises(RingmainError, match=r"'nowhere'.*main, local"):
        chosen("nowhere")
    with pytest.raises(RingmainError, match="MAIN_KEY"):
        chosen("main")


def test_the_entry_called_default_is_for_tasks_that_name_none(file: Path) -> None:
    file.write_text(TOLD.replace("connections.local", "connections.default"))
    assert chosen(OPENAI_API_KEY="sk-b").base_url == "http://vllm.models.svc:8000/v1"


def test_a_batch_costs_what_the_file_says_and_half_at_openai(file: Path) -> None:
    file.write_text(TOLD + 'batch_prices = { small = "0.5,1" }\n')
    local = chosen("local", "any/where")
    assert batch_price("local", local, Model(id="small-2026-07-18", price=price_of("9", "9"))) == price_of("0.5", "1")
    assert batch_price("local", local, Model(id="other", price=price_of("9", "9"))) is None
    openai = chosen(OPENAI_API_KEY="sk-b")
    assert batch_price(None, openai, Model(id="any", price=price_of("3", "4"))) == price_of("1.5", "2")
    assert batch_price(None, openai, Model(id="any")) is None


def test_a_hub_is_asked_at_its_own_address_for_flyte() -> None:
    hub = chosen(RINGMAIN_URL="https://ai.example.org", RINGMAIN_KEY="rm-key", FLYTE_OPENAI_API_KEY="sk-a")
    assert (hub.base_url, hub.key.reveal(), hub.is_hub) == ("https://ai.example.org/hosts/flyte", "rm-key", True)
    with pytest.raises(RingmainError, match="RINGMAIN_URL"):
        chosen("main", RINGMAIN_URL="https://ai.example.org", RINGMAIN_KEY="rm-key")


@pytest.mark.parametrize(
    "told",
    [
        "not toml",
        "[connections.a]\nbase_url = 'https://a.example/v1'",
        "[connections.a]\nbase_url = 'https://a.example/v1'\nallow = ['*']\nkey = 'sk-no'",
        "[connections.a]\nbase_url = 'http://169.254.169.254/v1'\nallow = ['*']",
    ],
)
def test_a_file_that_says_too_little_too_much_or_a_metadata_address_is_refused(file: Path, told: str) -> None:
    file.write_text(told)
    with pytest.raises(RingmainError):
        read_file()
