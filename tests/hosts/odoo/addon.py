"""The addon's files that need no Odoo, as they lie in the wheel, under a name that is not ours."""

import sys
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import ringmain

ADDON = Path(ringmain.__file__).parent / "hosts" / "odoo" / "inside" / "19.0" / "ringmain"


def load(name: str, file: Path) -> ModuleType:
    """A file as a module, a folder's index as a package."""
    inner = [str(file.parent)] if file.name == "__init__.py" else None
    spec = spec_from_file_location(name, file, submodule_search_locations=inner)
    assert spec
    assert spec.loader
    module = sys.modules[name] = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


load("odoo_addon_core", ADDON / "core" / "__init__.py")
faults, fit, http, numbers, payload, sealing, text, words = (
    import_module(f"odoo_addon_core.{name}")
    for name in ("faults", "fit", "http", "numbers", "payload", "sealing", "text", "words")
)
Fault = faults.Fault
Hub = import_module("odoo_addon_core.hub").Hub
Direct = import_module("odoo_addon_core.direct").Direct
other_side = load("odoo_addon_other_side", ADDON / "tests" / "other_side.py")
