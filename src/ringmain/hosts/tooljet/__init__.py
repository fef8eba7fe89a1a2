"""The room of ToolJet: a plugin, a data source that needs none, and the official plugin pointed at the hub."""

from ringmain.hosts import Nameplate, Route

KIND = "ringmain"
"""The plugin's name, and its folder's."""

FILES = ("dist/index.js", "lib/icon.svg", "lib/manifest.json", "lib/operations.json")
"""What ToolJet's server fetches of a plugin (2026-11, its `server/src/modules/plugins/util.service.ts`)."""

ASSETS = "/hosts/tooljet/marketplace-assets"
"""Where it looks for them, below the address of a marketplace."""

NAMEPLATE = Nameplate(
    tool="tooljet",
    title="ToolJet",
    routes=(
        Route("POST", "/hosts/tooljet/completions"),
        Route("POST", "/hosts/tooljet/chat"),
        Route("GET", "/hosts/tooljet/openapi.json", "file"),
        Route("GET", "/hosts/tooljet/ringmain.zip", "file"),
        *(Route("GET", f"{ASSETS}/{KIND}/{name}", "file") for name in FILES),
        Route("GET", f"{ASSETS}/{{name}}", "passed"),
    ),
    largest=4 << 20,
    elsewhere="tooljet_marketplace",
    done=(
        "a plugin with Completions and Chat, which the hub serves as a marketplace does",
        "both as an OpenAPI data source, which needs no plugin",
        "the official plugin, pointed at the hub",
    ),
    exempt={
        "deliver": "A query waits for its answer on the line, so there is none to bring later.",
    },
)
