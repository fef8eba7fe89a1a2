"""The parts of the stage, where flytekit is installed, which `make test-flyte` sees to."""

from importlib.util import find_spec

if find_spec("flytekit"):
    from tests.flyte.stage import batches, connector, data, original, provider, templates

    __all__ = ["batches", "connector", "data", "original", "provider", "templates"]
else:
    collect_ignore_glob = ["test_*.py"]
