"""A language's code and the names that flows have for it."""

LABELS = {
    "as": "Assamese",
    "bn": "Bengali",
    "en": "English",
    "es": "Spanish",
    "gu": "Gujarati",
    "hi": "Hindi",
    "kn": "Kannada",
    "ml": "Malayalam",
    "mr": "Marathi",
    "or": "Odia",
    "pa": "Punjabi",
    "ta": "Tamil",
    "te": "Telugu",
    "ur": "Urdu",
}


def label(code: str) -> str:
    """What people call a language; its code where it is not known."""
    return LABELS.get(code, code)


def code(said: str) -> str | None:
    """The code of a language by its code or its English name, whatever their case; None where it is not known."""
    wanted = said.strip().lower()
    return next((code for code, name in LABELS.items() if wanted in (code, name.lower())), None)
