"""Writes src/ringmain/data/models.json: what is known of a provider's models before the provider is asked.

    python scripts/model_table.py

Needs pip and a package index, nothing else.
Two wheels are downloaded into a temporary folder and read as files; neither is installed, imported or depended upon.

- `litellm` (MIT) carries a table of models: mode, endpoints, lengths, retirement dates, effort flags.
- `openai` (Apache-2.0) is OpenAI's own client: its types name the models and their announced shutdown dates.

Where both know a date and differ, the later one is kept, so that no living model is called dead; each is printed.
"""

import datetime
import json
import re
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Any

Row = dict[str, Any]

OUT = Path(__file__).parent.parent / "src" / "ringmain" / "data" / "models.json"
LIMIT = 150_000

PROVIDERS = {"openai": "openai", "text-completion-openai": "openai"}
"""The table's providers → the preset's `prices`. OpenRouter says the same live; local servers know themselves best."""

LEFT_OUT = {"image_generation", "image_edit", "video_generation"}
ENDPOINTS = {"/v1/chat/completions": "chat", "/v1/responses": "responses"}
EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh", "max")

# For these the table's `max_input_tokens` is the whole window less the longest answer; elsewhere it is the window.
INPUT_ONLY = {272_000, 922_000}

# OpenAI announced on 2023-07-06 that these end on 2024-01-04 (its deprecations page); both wheels have dropped them.
ENDED_EARLIER = (
    "ada", "babbage", "curie", "davinci", "text-ada-001", "text-babbage-001", "text-curie-001",
    "text-davinci-001", "text-davinci-002", "text-davinci-003",
)  # fmt: skip


def main() -> None:
    """Download, extract, join, write, and print where the sources differ."""
    with tempfile.TemporaryDirectory() as folder:
        litellm, openai = (fetch(name, Path(folder)) for name in ("litellm", "openai"))
        rows = table(json.loads(member(litellm, "litellm/model_prices_and_context_window_backup.json")))
        chat_models = member(openai, "openai/types/shared/chat_model.py")
    for text in differences(rows, announced(chat_models)):
        print(text)
    join(rows, chat_models)
    write(rows, sources=[version(litellm, "MIT"), version(openai, "Apache-2.0")])


def fetch(name: str, folder: Path) -> Path:
    """The newest wheel of a package, as a file."""
    target = folder / name
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:", name]
    subprocess.run([*command, "--dest", str(target)], check=True)
    return next(target.glob("*.whl"))


def member(wheel: Path, name: str) -> str:
    """One file of a wheel, as text."""
    with zipfile.ZipFile(wheel) as archive:
        return archive.read(name).decode()


def version(wheel: Path, licence: str) -> Row:
    """What the file says of where it comes from."""
    name, number = wheel.name.split("-")[:2]
    return {"package": name, "version": number, "licence": licence}


def table(source: dict[str, Row]) -> dict[str, Row]:
    """The table's rows of our providers, in our words."""
    return {
        name: extract(row)
        for name, row in source.items()
        if PROVIDERS.get(row.get("litellm_provider", "")) and row.get("mode") not in LEFT_OUT and "/" not in name
    }


def extract(row: Row) -> Row:
    """One model; what the table does not say is left out."""
    asked, written = row.get("max_input_tokens"), row.get("max_output_tokens")
    known = {
        "modes": modes(row),
        "context_window": asked + written if asked in INPUT_ONLY else asked,
        "max_output": written or None,
        "retires": row.get("deprecation_date"),
        "efforts": [effort for effort in EFFORTS if row.get(f"supports_{effort}_reasoning_effort")] or None,
    }
    return {key: value for key, value in known.items() if value is not None}


def modes(row: Row) -> list[str]:
    """How the model can be asked; none of the three for sound, embeddings and moderation.

    The table names `/v1/completions` for a few chat models that have never answered there: only the mode counts for it.
    """
    named = {ENDPOINTS[path] for path in row.get("supported_endpoints") or () if path in ENDPOINTS}
    mode = str(row.get("mode"))
    own = {mode} & ({"completion"} if named else {"chat", "completion", "responses"})
    return sorted(named | own)


def announced(chat_models: str) -> dict[str, str]:
    """Model → the shutdown date that OpenAI's client names."""
    entries = re.sub(r"\s+", " ", chat_models.partition('"""Deprecated values:')[2]).split(' - "')
    found = {}
    for entry in entries:
        if day := re.search(r"Announced shutdown date: (\d{4}-\d{2}-\d{2})", entry):
            names = re.findall(r'"?([\w.-]+)"', entry[: day.start()])
            found |= dict.fromkeys(names, day[1])
    return found


def differences(rows: dict[str, Row], dates: dict[str, str]) -> list[str]:
    """Where both sources have a date and it is not the same."""
    return [
        f"{name}: {known} by litellm, {dates[name]} by openai; the later one is kept"
        for name, row in sorted(rows.items())
        if (known := row.get("retires")) and dates.get(name, known) != known
    ]


def join(rows: dict[str, Row], chat_models: str) -> None:
    """Add what OpenAI's client knows, and what ended before either source begins."""
    for name, day in announced(chat_models).items():
        row = rows.setdefault(name, {})
        row["retires"] = max(day, row.get("retires", day))
    for name in re.findall(r'^ {4}"([\w.-]+)",$', chat_models, re.MULTILINE):
        # OpenAI's type for `/responses` takes every chat model; sound and search are known exceptions.
        if rows.get(name, {}).get("modes") == ["chat"] and not re.search("audio|search", name):
            rows[name]["modes"] = ["chat", "responses"]
    for name in ENDED_EARLIER:
        rows[name] = {"modes": ["completion"], "retires": "2024-01-04"}


def write(rows: dict[str, Row], *, sources: list[Row]) -> None:
    """One model a line, sorted, so that a renewal reads well as a difference."""
    head = {"made_by": "scripts/model_table.py", "taken": datetime.date.today().isoformat(), "sources": sources}
    lines = ",\n".join(f"  {json.dumps(name)}: {json.dumps(row)}" for name, row in sorted(rows.items()))
    text = f'{{\n"about": {json.dumps(head)},\n"providers": {{"openai": {{\n{lines}\n}}}}\n}}\n'
    if len(text) > LIMIT:
        raise SystemExit(f"{len(text)} bytes are more than the {LIMIT} that the package should carry.")
    OUT.write_text(text)
    print(f"{len(rows)} models, {len(text)} bytes in {OUT.name}")


if __name__ == "__main__":
    main()
