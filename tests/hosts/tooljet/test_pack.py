"""What an admin of ToolJet takes away from the hub, and what a ToolJet server fetches of it."""

import io
import json
import shlex
import subprocess
import zipfile

import pytest

from ringmain.admin.connections import ConnectionForm
from ringmain.errors import AskError
from ringmain.exchange.account import Account
from ringmain.hosts import room
from ringmain.hosts.tooljet import ASSETS, FILES, KIND
from ringmain.hosts.tooljet.official import MODELS
from ringmain.hosts.tooljet.openapi import document

HUB, KEY = "https://hub.example.org", "rm-the-key"
ACCOUNT = Account(id="acc", name="apps", tool="tooljet", connection="local", model="llama3.2")


def taken(account: Account = ACCOUNT, url: str = HUB) -> dict[str, str]:
    return {file.name: file.text for file in room("tooljet").pack(account, url=url, key=KEY)}


def words(script: str) -> list[str]:
    """The one command of a script."""
    lines = [line for line in script.splitlines() if not line.startswith("#")]
    return shlex.split("\n".join(lines).replace("\\\n", " "))


def ran(script: str, **environ: str) -> "subprocess.CompletedProcess[str]":
    """A shell's run of a script, in which `ringmain` says what it is told, a word a line."""
    told = "ringmain() { printf '%s\\n' \"$@\"; }\n"
    return subprocess.run(["/bin/sh", "-c", told + script], env=environ, capture_output=True, text=True)


def test_each_way_has_its_values_filled_in() -> None:
    files = taken()
    told = files["data-source.txt"]
    assert f"Base URL         {HUB}/v1\n" in told
    assert told.count(KEY) == 3
    assert f"TOOLJET_MARKETPLACE_URL={HUB}/hosts/tooljet\n" in files["plugin.env"]
    assert files["official.env"] == f"OPENAI_BASE_URL={HUB}/v1\n"
    assert json.loads(files["openapi.json"]) == document(HUB)
    assert [name for name, text in files.items() if KEY in text] == ["data-source.txt"]


def test_the_installation_is_one_call_with_what_tooljet_wants_to_know() -> None:
    command = words(taken()["install.sh"])
    assert command[:4] == ["curl", "-X", "POST", "$TOOLJET/api/plugins/install"]
    body = json.loads(command[command.index("-d") + 1])
    # Name, description, id and version must be there, and the version be a semantic one.
    assert set(body) == {"id", "name", "description", "version"}
    assert body["id"] == KIND
    assert [part.isdecimal() for part in body["version"].split(".")] == [True] * 3


def test_one_command_lets_a_model_answer_to_every_name_of_the_official_plugin() -> None:
    command = ran(taken()["aliases.sh"]).stdout.splitlines()
    assert command[:3] == ["connections", "set", "local"]
    pairs = dict(pair.split("=") for pair in command[4::2])
    assert set(command[3::2]) == {"--alias"}
    assert len(MODELS) == len(set(MODELS)) == 20
    assert pairs == dict.fromkeys(MODELS, "llama3.2")
    assert ConnectionForm(aliases=pairs).aliases == pairs


def test_a_model_is_no_alias_of_itself_and_none_acts_in_a_shell() -> None:
    odd = Account(id="a", name="apps", tool="tooljet", connection="c; echo x", model="gpt-4o")
    own = ran(taken(odd)["aliases.sh"]).stdout.splitlines()
    assert own[2] == "c; echo x"
    assert "gpt-4o=gpt-4o" not in own
    assert "gpt-4=gpt-4o" in own


def test_a_connection_and_a_model_that_are_not_known_are_named_once() -> None:
    script = taken(Account(id="a", name="apps", tool="tooljet"))["aliases.sh"]
    asked = ran(script)
    assert (asked.returncode != 0, asked.stdout) == (True, "")
    assert "CONNECTION: Set it to a name that ringmain connections list shows" in asked.stderr
    named = ran(script, CONNECTION="local", MODEL="llama3.2").stdout
    assert "gpt-4o=gpt-4o" not in ran(script, CONNECTION="local", MODEL="gpt-4o").stdout
    assert named == ran(taken()["aliases.sh"]).stdout


@pytest.mark.parametrize("url", ["http://127.0.0.1:8484", "http://localhost:8484", "http://[::1]:8484"])
def test_an_address_that_a_container_cannot_reach_is_named_first(url: str) -> None:
    for name in ("network.txt", "data-source.txt"):
        assert taken(url=url)[name].startswith(f"!! {url} ")
        assert "!!" not in taken()[name]


@pytest.mark.parametrize(
    "way", ["SERVICE", "192.168", "host.docker.internal", "SSRF_PROTECTION_ENABLED", "100.64", "VPN"]
)
def test_the_trap_of_the_network_is_explained(way: str) -> None:
    assert way in taken()["network.txt"]


# the plugin


def test_its_four_files_lie_where_a_tooljet_server_looks_for_them() -> None:
    paths = {route.path for route in room("tooljet").nameplate.routes if route.what == "file"}
    for name in FILES:
        path = f"{ASSETS}/{KIND}/{name}"
        assert path in paths
        given = room("tooljet").served(path, url=HUB)
        assert given.body
        assert given.headers["content-security-policy"].endswith("sandbox")
        if name.endswith(".json"):
            assert json.loads(given.body)
            assert given.headers["content-type"] == "application/json"


def test_its_archive_unpacks_as_one_folder_of_a_checkouts_plugins() -> None:
    given = room("tooljet").served("/hosts/tooljet/ringmain.zip", url=HUB)
    assert given.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(given.body)) as archive:
        assert archive.namelist() == [f"{KIND}/{name}" for name in FILES]
        assert {entry.external_attr >> 16 for entry in archive.infolist()} == {0o644}
    assert given.body == room("tooljet").served("/hosts/tooljet/ringmain.zip", url=HUB).body


@pytest.mark.parametrize(
    "name",
    [
        "openai/dist/index.js",
        "aws-redshift/lib/operations.json",
        "hugging_face/lib/icon.svg",
        "s3/lib/icon-dark.svg",
        "xero/openapi-specs/accounting.yaml",
    ],
)
def test_a_file_of_another_plugin_has_its_path_below_a_marketplace(name: str) -> None:
    assert room("tooljet").passed(name).path == f"marketplace-assets/{name}"


def test_what_is_no_such_name_is_refused() -> None:
    with pytest.raises(AskError) as caught:
        room("tooljet").passed("openai/lib/../x.json")
    assert caught.value.code == "not_found"
