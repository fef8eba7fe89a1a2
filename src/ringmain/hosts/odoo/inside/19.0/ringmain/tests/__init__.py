# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).

from . import (
    test_bot,
    test_callback,
    test_cron,
    test_groups,
    test_records,
    test_settings,
    test_translations,
    test_ui,
    test_uninstall,
)
