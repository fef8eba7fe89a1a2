"""What the files for several hubs name is there, and they say what the page says of them."""

import re
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from ringmain.server.security import TOKEN_FILE
from ringmain.settings import VARIABLES
from tests.documents.compose import FOLDER, HUBS, PROXY, compose, port_of

PAGE = FOLDER.parent / "several-hubs.md"
DOCKERFILE = FOLDER / "Dockerfile"


@pytest.fixture
def told() -> dict[str, Any]:
    return compose()


@pytest.fixture
def hubs(told: dict[str, Any]) -> list[dict[str, Any]]:
    return [told["services"][name] for name in HUBS]


def test_every_variable_of_ours_is_one_that_a_hub_reads(hubs: list[dict[str, Any]]) -> None:
    named = set(re.findall(r"\bRINGMAIN_[A-Z_]+", "".join(file.read_text() for file in (*FOLDER.iterdir(), PAGE))))
    assert named <= set(VARIABLES.values())
    for hub in hubs:
        assert {name for name in hub["environment"] if name.startswith("RINGMAIN_")} <= named


def test_every_file_that_is_named_is_there_or_made_by_the_page(
    told: dict[str, Any], hubs: list[dict[str, Any]]
) -> None:
    root = FOLDER / hubs[0]["build"]["context"]
    mounted = [volume.split(":")[0] for one in told["services"].values() for volume in one.get("volumes", [])]
    files = [FOLDER / name for name in mounted if name.startswith(".")]
    files += [root / hubs[0]["build"]["dockerfile"]]
    files += [
        root / name for line in re.findall(r"^COPY (.+) \S+$", DOCKERFILE.read_text(), re.M) for name in line.split()
    ]
    assert len(files) == 6
    assert [file for file in files if not file.exists()] == []
    secrets = [PurePosixPath(secret["file"]) for secret in told["secrets"].values()]
    assert [file for file in secrets if f"> {file}\n" not in PAGE.read_text()] == []


def test_every_volume_and_secret_that_is_used_is_declared(told: dict[str, Any]) -> None:
    for one in told["services"].values():
        named = [volume.split(":")[0] for volume in one.get("volumes", [])]
        assert {name for name in named if not name.startswith(".")} <= told["volumes"].keys()
        assert {s if isinstance(s, str) else s["source"] for s in one.get("secrets", [])} <= told["secrets"].keys()


def test_the_hubs_share_database_key_token_and_address_and_nothing_that_is_their_own(
    hubs: list[dict[str, Any]],
) -> None:
    one, two = hubs
    assert one["environment"] == two["environment"]
    assert one["secrets"] == two["secrets"]
    assert port_of(one) != port_of(two)
    assert one["volumes"] != two["volumes"]
    for hub in hubs:
        assert [volume.split(":")[1] for volume in hub["volumes"]] == [hub["environment"]["RINGMAIN_DATA"]]


def test_the_keys_lie_where_a_hub_looks_for_them(hubs: list[dict[str, Any]]) -> None:
    placed = {
        secret["source"]: f"/run/secrets/{secret.get('target', secret['source'])}" for secret in hubs[0]["secrets"]
    }
    environment = hubs[0]["environment"]
    assert environment["RINGMAIN_SECRET_FILE"] == placed["secret_key"]
    assert environment["PGPASSFILE"] == placed["pgpass"]
    assert Path(placed["admin_token"]) == Path(placed["secret_key"]).with_name(TOKEN_FILE)


def test_each_hub_is_asked_whether_it_is_ready_and_the_proxy_knows_where_it_is(hubs: list[dict[str, Any]]) -> None:
    for hub in hubs:
        address = f"127.0.0.1:{port_of(hub)}"
        assert f"http://{address}/ready" in hub["healthcheck"]["test"][-1]
        compile(hub["healthcheck"]["test"][-1], "health check", "exec")
        assert f"server {address} " in PROXY.read_text()


def test_nothing_but_the_proxy_can_be_reached_and_neither_it_nor_a_hub_is_root(told: dict[str, Any]) -> None:
    services = told["services"]
    assert [name for name, one in services.items() if "ports" in one] == ["proxy"]
    assert all(port.startswith("127.0.0.1:") for port in services["proxy"]["ports"])
    for name in (*HUBS, "proxy"):
        assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", services[name]["user"])
    assert f"USER {services[HUBS[0]]['user']}" in DOCKERFILE.read_text()


def test_the_image_is_made_of_this_clone_and_names_no_place_to_get_more_from() -> None:
    assert "[server,postgres]" in DOCKERFILE.read_text()
    assert not re.search(r"https?:|--index|PIP_", DOCKERFILE.read_text())
