"""The parts of the stage, where Flyte 2 is installed, which `make test-flyte` sees to."""

from importlib.util import find_spec

if find_spec("flyte"):
    from tests.flyte2.stage import connected, provider, recorded

    __all__ = ["connected", "provider", "recorded"]
else:
    collect_ignore_glob = ["test_*.py"]
