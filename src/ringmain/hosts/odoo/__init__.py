"""The room of Odoo: OdooBot, records, and installations that have OCA's AI bridge."""

from ringmain.hosts import Nameplate, Route

NAMEPLATE = Nameplate(
    tool="odoo",
    title="Odoo",
    routes=(
        Route("POST", "/hosts/odoo/asks"),
        Route("GET", "/hosts/odoo/asks/{name}", "asked"),
        Route("POST", "/hosts/odoo/check", "check"),
        Route("GET", "/hosts/odoo/models", "models"),
        Route("POST", "/hosts/odoo/oca"),
        Route("GET", "/hosts/odoo/ringmain-19.0.zip", "file"),
    ),
    in_order=True,
    done=(
        "asks that Odoo has named, each answered once, however often Odoo sends it",
        "answers that are posted to Odoo, or given to it while it waits",
        "a test of the connection, and of the way back to Odoo",
        "OCA's AI bridge: chats and records, at once or later",
        "an addon for Odoo 19",
    ),
)
