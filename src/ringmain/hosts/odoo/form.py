"""What the room of Odoo asks of its admin; what Odoo's own settings say goes before it."""

from ringmain.hosts import Field

CONTEXT = (
    "You help the people of a company that works with Odoo. Answer questions about their work in Odoo: name the app, "
    "the menu and the button, in steps that can be followed. Say so where you do not know. Be brief."
)

FIELDS = (
    Field(name="on", label="Is active", hint="Off: OdooBot says that it cannot answer now."),
    Field(name="connection", label="Connection", hint="Empty: the default one."),
    Field(name="mode", label="Chat method", hint="auto, chat or completion; Odoo's own setting goes first."),
    Field(name="model", label="Model", hint="Where Odoo's settings name none; empty: the connection's."),
    Field(name="models", label="Allowed models", hint="Only these may be set in Odoo; empty: all."),
    Field(
        name="max_tokens",
        label="Max tokens",
        hint="Deliberately low while you test; useful answers need about 400 to 500.",
        default=150,
    ),
    Field(name="context", label="Context", hint="The system message, for the chat method.", default=CONTEXT),
    Field(name="prompt_prefix", label="Prompt prefix", hint="For the completion method.", default="In Odoo: "),
    Field(name="prompt_suffix", label="Prompt suffix", hint="For the completion method."),
    Field(name="budget", label="Budget in USD", hint="Asks that may pass it are refused; empty: no limit."),
    Field(name="per", label="Budget period", hint="day or month, in UTC.", default="month"),
    Field(name="rpm", label="Asks a minute", hint="Empty: no limit."),
    Field(
        name="address",
        label="Odoo's address",
        hint="Such as https://odoo.example.org: answers are posted below it and nowhere else. Empty: Odoo waits for "
        "its answers itself; OCA's bridge needs it for answers that come later.",
        own=True,
        kind="url",
    ),
    Field(
        name="series",
        label="Odoo series of OCA's bridge",
        hint="16 takes HTML as it is; 17 and later want to be told that it is HTML.",
        own=True,
        kind="choice",
        choices=("16", "17"),
        default="17",
    ),
)
