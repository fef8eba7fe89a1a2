"""The room of Glific: webhook nodes of WhatsApp flows."""

from ringmain.hosts import Nameplate, Route

NAMEPLATE = Nameplate(
    tool="glific",
    title="Glific",
    routes=(
        Route("POST", "/hosts/glific/parse_via_chat_gpt"),
        Route("POST", "/hosts/glific/speech_to_text"),
        Route("POST", "/hosts/glific/text_to_speech"),
        Route("POST", "/hosts/glific/voice_via_chat_gpt"),
        Route("GET", "/hosts/glific/media/{name}", "media"),
    ),
    # Glific hangs up after 5 seconds, network included.
    deadline=4.0,
    signature="x-glific-signature",
    in_order=True,
    done=(
        "parse_via_chat_gpt as the document has it, with a key, a signature, or both",
        "an answer that is late: the flow is resumed, or takes its Failure exit",
        "text as WhatsApp shows it, in parts that it takes",
        "memory by contact or thread, each contact's asks in order",
        "voice notes: heard, answered, spoken",
    ),
)
