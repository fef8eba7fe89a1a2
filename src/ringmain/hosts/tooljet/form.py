"""What the room of ToolJet asks of its admin: limits and defaults for the queries of all builders."""

from ringmain.hosts import Field

FIELDS = (
    Field(name="connection", label="Connection", hint="Empty: the default one."),
    Field(name="model", label="Model", hint="For queries that name none; empty: the connection's."),
    Field(name="models", label="Allowed models", hint="Only these may be asked for; empty: all."),
    Field(name="mode", label="Mode", hint="auto asks each model in the way it can be asked.", default="auto"),
    Field(name="context", label="Context", hint="The system message of chats that bring none."),
    Field(name="budget", label="Budget in USD", hint="Asks that may pass it are refused; empty: no limit."),
    Field(name="per", label="Budget period", hint="day or month, in UTC.", default="month"),
    Field(name="rpm", label="Asks a minute", hint="Empty: no limit."),
)
