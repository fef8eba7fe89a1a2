# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).

from . import test_groups, test_settings, test_translations, test_uninstall
