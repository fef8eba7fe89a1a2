# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).

from . import test_settings
from . import test_groups
from . import test_uninstall
from . import test_translations
