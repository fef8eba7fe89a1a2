"""What the room of notebooks asks of its admin: nothing but limits, as every cell brings its own words."""

from ringmain.hosts import Field

FIELDS = (
    Field(name="connection", label="Connection", hint="Empty: the default one."),
    Field(name="model", label="Model", hint="For cells that name none; empty: the connection's."),
    Field(name="models", label="Allowed models", hint="Only these may be asked for; empty: all."),
    Field(name="mode", label="Mode", hint="auto asks each model in the way it can be asked.", default="auto"),
    Field(name="context", label="Context", hint="A system message for cells that bring none."),
    Field(name="budget", label="Budget in USD", hint="Asks that may pass it are refused; empty: no limit."),
    Field(name="per", label="Budget period", hint="day or month, in UTC.", default="month"),
    Field(name="rpm", label="Asks a minute", hint="Empty: no limit."),
)
