"""The room of ToolJet: a plugin, a data source that needs none, and the official plugin pointed at the hub."""

from ringmain.hosts import Nameplate, Route

NAMEPLATE = Nameplate(
    tool="tooljet",
    title="ToolJet",
    routes=(
        Route("POST", "/hosts/tooljet/completions"),
        Route("POST", "/hosts/tooljet/chat"),
        Route("GET", "/hosts/tooljet/openapi.json", "file"),
    ),
    largest=4 << 20,
    done=("Completions and Chat as an OpenAPI data source, which needs no plugin",),
    todo=("a plugin that the hub serves",),
    exempt={
        "deliver": "A query waits for its answer on the line, so there is none to bring later.",
        "inside": "The plugin does not stand yet; a data source without one does.",
    },
)
