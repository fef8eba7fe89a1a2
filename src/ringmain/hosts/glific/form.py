"""What the room of Glific asks of its admin: an organization, how it signs, and what happens to a late answer."""

from collections.abc import Collection, Mapping

from ringmain.errors import SetupError
from ringmain.hosts import Field

FIELDS = (
    Field(name="on", label="Is active", hint="Off: every node takes its Failure exit."),
    Field(name="connection", label="Connection", hint="With the organization's own key; empty: the default one."),
    Field(name="model", label="Model", hint="For nodes that name none in `gpt_model`; empty: the connection's."),
    Field(name="models", label="Allowed models", hint="Only these may stand in `gpt_model`; empty: all."),
    Field(name="context", label="Context", hint="The system message of nodes that have no `prompt`."),
    Field(name="budget", label="Daily cap in USD", hint="Asks that may pass it take the Failure exit; empty: no cap."),
    Field(name="per", label="Cap for each", hint="day or month, in UTC.", default="day"),
    Field(
        name="organization",
        label="Organization id",
        hint="As Glific sends it in `organization_id`; another one is refused. Empty: any.",
        own=True,
        kind="whole",
    ),
    Field(
        name="phrase",
        label="Signature phrase",
        hint="As it stands in Glific under Settings → Organisation. It also tells which account calls, so no two may "
        "have the same.",
        own=True,
        kind="secret",
        unique=True,
        public=("83ef07c6da8c62db4b55fdb8f46b5d31b83c76a52b4a9618d55ee234e3391df2",),
    ),
    Field(
        name="proof",
        label="Who calls shows",
        hint="`either` a key or a signature, or `both`.",
        own=True,
        kind="choice",
        choices=("either", "both"),
        default="either",
    ),
    Field(
        name="late",
        label="When four seconds are over",
        hint="`failure` takes the Failure exit; `resume` lets the flow wait, and resumes it with the answer.",
        own=True,
        kind="choice",
        choices=("failure", "resume"),
        default="failure",
    ),
    Field(
        name="api",
        label="Glific's API address",
        hint="Such as https://api.example.glific.com; for `resume`.",
        own=True,
        kind="url",
    ),
    Field(name="phone", label="Phone of a Glific user", hint="A manager's; for `resume`.", own=True),
    Field(
        name="password",
        label="Password of that user",
        hint="For `resume`; it is sent to that address and nowhere else.",
        own=True,
        kind="secret",
        bound="api",
    ),
    Field(
        name="fallback",
        label="Fallback sentence",
        hint="What the contact reads where the model refuses, or a late answer fails. Empty: the Failure exit, and for "
        "a late answer an empty `parsed_msg`.",
        own=True,
        kind="area",
    ),
    Field(
        name="language",
        label="Language",
        hint="In which it answers, such as Hindi; `language` in the body goes first. Empty: as the model likes.",
        own=True,
    ),
    Field(
        name="remember",
        label="Memory of",
        hint="each `contact`, or only of a `thread` that the body names in `thread_id`, or `nothing`.",
        own=True,
        kind="choice",
        choices=("contact", "thread", "nothing"),
        default="contact",
    ),
    Field(
        name="decode",
        label="parsed_msg",
        hint="`text` always; `glific` decodes it where it is JSON, as Glific's own function does.",
        own=True,
        kind="choice",
        choices=("text", "glific"),
        default="text",
    ),
    Field(name="voice", label="Voice", hint="Of spoken answers, as the provider names it; empty: alloy.", own=True),
    Field(
        name="transcription_model",
        label="Model that hears",
        hint="Empty: the one that is suggested for the provider.",
        own=True,
    ),
    Field(
        name="speech_model",
        label="Model that speaks",
        hint="Empty: the one that is suggested for the provider.",
        own=True,
    ),
    Field(
        name="media_hosts",
        label="Hosts of voice notes",
        hint="Names with commas: voice notes are fetched only from these. Empty: from any public address, by https.",
        own=True,
    ),
)


def check(settings: Mapping[str, str], secrets: Collection[str]) -> None:
    """Nothing, where these settings go together. Raises `SetupError("invalid_setting")`."""
    if settings.get("proof") == "both" and "phrase" not in secrets:
        raise _missing("A signature is wanted, and there is no phrase to check it with.", "phrase")
    if settings.get("late") == "resume":
        for name, there in (("api", settings), ("phone", settings), ("password", secrets)):
            if name not in there:
                raise _missing(f"A flow cannot be resumed without the {name}.", name)


def _missing(sentence: str, name: str) -> SetupError:
    how = f"--setting-env {name}=VAR" if name in ("phrase", "password") else f"--setting {name}=VALUE"
    return SetupError("invalid_setting", sentence, fix=f"Set it too, with {how} or on the account's page.", param=name)
