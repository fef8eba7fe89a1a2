"""What the admin takes away: what to fill in where, for each of the three ways to the hub."""

import json
import shlex

from ringmain.exchange.account import Account
from ringmain.hosts import File, HostReply, Passed
from ringmain.hosts.tooljet import ASSETS, KIND
from ringmain.hosts.tooljet.network import told, trap
from ringmain.hosts.tooljet.official import MODELS
from ringmain.hosts.tooljet.openapi import document
from ringmain.hosts.tooljet.plugin import archive, file, head, others

ROOM = "/hosts/tooljet"


def pack(account: Account, *, url: str, key: str) -> tuple[File, ...]:
    """The files for this account, address and key filled in."""
    base = url.rstrip("/")
    return (
        File(name="data-source.txt", title="The data source", text=_values(base, key)),
        File(name="network.txt", title="Which address ToolJet reaches", text=told(base)),
        File(name="plugin.env", title="The plugin: in the environment of ToolJet's server", text=_environment(base)),
        File(name="install.sh", title="The plugin: its installation, once", text=_install()),
        File(name="openapi.json", title="Without a plugin: the definition to paste", text=_json(base)),
        File(
            name="official.env",
            title="The official plugin: in the environment of ToolJet's server",
            text=f"OPENAI_BASE_URL={base}/v1\n",
        ),
        File(name="aliases.sh", title="The official plugin: its models, by one of yours", text=_aliases(account)),
    )


def _values(base: str, key: str) -> str:
    return f"""\
{trap(base)}The plugin: data source "{KIND}"
  Base URL         {base}/v1
  API key          {key}
  Organization ID  (empty)
  Default model    (empty: the account's)

Without a plugin: data source "OpenAPI"
  Definition       openapi.json, which is also at {base}{ROOM}/openapi.json
  Authentication   Bearer
  Token            {key}

The official plugin: data source "OpenAI", with official.env
  API key          {key}
  Organization ID  (empty)
"""


def _environment(base: str) -> str:
    note = "# Other plugins come through the hub then, which wants its own RINGMAIN_TOOLJET_MARKETPLACE for that."
    return f"{note}\nTOOLJET_MARKETPLACE_URL={base}{ROOM}\n"


def _install() -> str:
    body = {
        "id": KIND,
        "name": KIND,
        "description": "Completions and Chat on any model of the hub",
        "version": "1.0.0",
    }
    return (
        "# TOOLJET is its address; TOKEN and WORKSPACE are an admin's cookie tj_auth_token and header\n"
        "# tj-workspace-id, as the browser's developer tools show them of any call to /api/.\n"
        'curl -X POST "$TOOLJET/api/plugins/install" \\\n'
        '  -H "Cookie: tj_auth_token=$TOKEN" -H "tj-workspace-id: $WORKSPACE" \\\n'
        f"  -H 'Content-Type: application/json' -d {shlex.quote(json.dumps(body))}\n"
    )


def _aliases(account: Account) -> str:
    """One command; on the page of the connection the same stands under *Aliases*, one a line."""
    connection = _given("CONNECTION", account.connection, "a name that ringmain connections list shows")
    model = _given("MODEL", account.model or next(iter(account.models), None), "an id that ringmain models shows")
    return f"""\
# Only where the connection's provider does not have these models itself.
CONNECTION={connection}
MODEL={model}
set --
for name in {" ".join(MODELS)}; do
  test "$name" = "$MODEL" || set -- "$@" --alias "$name=$MODEL"
done
ringmain connections set "$CONNECTION" "$@"
"""


def _given(name: str, value: str | None, missing: str) -> str:
    """The value for a shell; where it is not known, what the environment says, or else an end that says what to set."""
    return shlex.quote(value) if value else f'"${{{name}:?Set it to {missing}}}"'


def _json(base: str) -> str:
    return json.dumps(document(base), indent=2) + "\n"


def served(path: str, *, url: str) -> HostReply:
    """The OpenAPI document for the hub at this address, the plugin as an archive, or one of its files."""
    if path.endswith("/openapi.json"):
        return HostReply(headers={"content-type": "application/json"}, body=_json(url).encode())
    if path.endswith(".zip"):
        given = {"content-type": "application/zip", "content-disposition": f'attachment; filename="{KIND}.zip"'}
        return HostReply(headers=given, body=archive())
    name = path.removeprefix(f"{ASSETS}/{KIND}/")
    return HostReply(headers=head(name), body=file(name))


def passed(name: str) -> Passed:
    """A file of another plugin, which lies in the marketplace that is set. Raises `AskError("not_found")`."""
    return others(name)
