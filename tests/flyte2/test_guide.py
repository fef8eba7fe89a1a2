"""What the room's guide and its pack show of Flyte 2 works as it is written there."""

import re
from typing import Any

import flyte

from ringmain.exchange.account import Account
from ringmain.hosts import room
from tests.flyte2.stage import run


def blocks() -> list[str]:
    """The guide's Python of Flyte 2, in its order."""
    parts = re.findall(r"^### (?:With|In) Flyte 2$(.*?)^##", room("flyte").guide(), re.M | re.S)
    return [block for part in parts for block in re.findall(r"^```python\n(.*?)^```", part, re.M | re.S)]


def test_the_guides_code_runs(capsys: Any) -> None:
    first, answer, many = blocks()
    space: dict[str, Any] = {}
    exec(first, space)
    exec(answer.replace("flyte.init()", ""), space)
    assert "You said: Explain quantum entanglement in simple terms." in capsys.readouterr().out
    exec(many, space)
    assert run(space["shard"], ["Rome"]) == ["You said: Where is Rome? In one sentence."]


def test_the_packs_environment_has_the_hubs_address_and_names_the_secret() -> None:
    files = room("flyte").pack(Account(id="a", name="a", tool="flyte"), url="https://hub.example/", key="rm-secret")
    (file,) = (file for file in files if file.name == "flyte2.py")
    space: dict[str, Any] = {}
    exec(file.text, space)
    env = space["env"]
    assert isinstance(env, flyte.TaskEnvironment)
    assert env.env_vars == {"RINGMAIN_URL": "https://hub.example"}
    assert env.secrets == [flyte.Secret("ringmain-key", as_env_var="RINGMAIN_KEY")]
    assert "rm-secret" not in file.text
