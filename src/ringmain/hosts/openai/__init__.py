"""The plain room: OpenAI's own wire, for every client that speaks it."""

from ringmain.hosts import Nameplate, Route

SOUND = (25 << 20) + (64 << 10)
"""Bytes of a form with the largest sound that OpenAI takes, and its fields."""

NAMEPLATE = Nameplate(
    tool="openai",
    title="Any OpenAI client",
    routes=(
        Route("GET", "/v1/models", "models"),
        Route("GET", "/v1/models/{id}", "model"),
        Route("POST", "/v1/chat/completions"),
        Route("POST", "/v1/completions"),
        Route("POST", "/v1/responses"),
        Route("POST", "/v1/embeddings"),
        Route("POST", "/v1/audio/transcriptions", largest=SOUND),
        Route("POST", "/v1/audio/speech"),
    ),
    largest=20 << 20,
    done=(
        "models, one model",
        "chat completions, completions and responses, whole and streamed, each asked by another where a model needs it",
        "embeddings",
        "audio: transcriptions and speech, whole",
    ),
    exempt={
        "deliver": "Its clients wait for the answer on the line, so there is none to bring later.",
        "inside": "Its clients are OpenAI's own and other people's; nothing of ours runs in them.",
    },
)
