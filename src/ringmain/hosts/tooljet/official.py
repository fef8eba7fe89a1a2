"""The official OpenAI plugin, pointed at the hub: which models it knows."""

MODELS = (
    "gpt-5.2",
    "gpt-5.1",
    "gpt-5",
    "gpt-5-mini",
    "gpt-5-nano",
    "o4-mini",
    "o3",
    "o3-mini",
    "o1",
    "gpt-4.1",
    "gpt-4.1-mini",
    "gpt-4.1-nano",
    "gpt-4",
    "gpt-4-turbo",
    "gpt-4o",
    "gpt-4o-mini",
    "gpt-3.5-turbo-0125",
    "gpt-3.5-turbo-instruct",
    "gpt-3.5-turbo",
    "text-davinci-003",
)
"""The names for chat and completion that its versions have built in, the newest first; it takes no others.

Read in ToolJet's `marketplace/plugins/openai/lib/operations.json`, 2026-11: the first 17 are the newest version's.
"""
