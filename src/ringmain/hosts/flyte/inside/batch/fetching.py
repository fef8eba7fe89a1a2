"""What a pod that downloads fetches of a job's batches."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ringmain.errors import ProviderError
from ringmain.exchange.loose import as_objects
from ringmain.hosts.flyte.inside.batch.joining import Fetched
from ringmain.hosts.flyte.inside.batch.parts import Batch, batch_of


def fetched(openai: Any, result: Mapping[str, Any], folder: Path) -> Iterator[Fetched]:
    """What there is of each file, one file after the other; each is gone when the next is asked for.

    Raises `ProviderError("upstream_refused")` where answers are gone at the provider.
    """
    for batches in _by_file(result):
        asked = _fetch(openai, batches[0].input, folder)
        told = tuple(path for one in batches for path in _told(openai, one, folder))
        yield Fetched(requests=asked, told=told, why=batches[-1].why)
        for path in filter(None, (asked, *told)):
            path.unlink(missing_ok=True)


def _told(openai: Any, one: Batch, folder: Path) -> Iterator[Path]:
    """What was answered, and what is said of the rest."""
    if one.output and (path := _fetch(openai, one.output, folder)):
        yield path
    elif one.output:
        fix = "Files of batches are kept for a while only, and somebody may have deleted it."
        raise ProviderError("upstream_refused", f"The provider has the answers of {one.id} no more.", fix=fix)
    if one.errors and (path := _fetch(openai, one.errors, folder)):
        yield path


def _by_file(result: Mapping[str, Any]) -> list[list[Batch]]:
    """The batches of each file by round, in the order of the files."""
    told = as_objects(result.get("batches")) or [dict(result)]
    held: dict[str, list[Batch]] = {file: [] for file in result.get("files") or ()}
    for one in filter(None, map(batch_of, told)):
        held.setdefault(one.file, []).append(one)
    return [sorted(batches, key=lambda one: one.round) for batches in held.values() if batches]


def _fetch(openai: Any, id: str, folder: Path) -> Path | None:
    """The file on disk; None where the provider has it no more."""
    from openai import NotFoundError

    path = folder / f"{id}.jsonl"
    try:
        with openai.files.with_streaming_response.content(id) as response:
            response.stream_to_file(path)
    except NotFoundError:
        return None
    return path
