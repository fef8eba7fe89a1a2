"""The plain room: OpenAI's own wire, for every client that speaks it."""

from ringmain.hosts import Nameplate, Route

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
    ),
    largest=20 << 20,
    done=(
        "models, one model",
        "chat completions, completions and responses, whole and streamed, each asked by another where a model needs it",
        "embeddings",
    ),
    todo=("audio: speech and transcription",),
    exempt={
        "deliver": "Its clients wait for the answer on the line, so there is none to bring later.",
        "inside": "Its clients are OpenAI's own and other people's; nothing of ours runs in them.",
    },
)
