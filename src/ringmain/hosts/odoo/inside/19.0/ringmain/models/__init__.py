# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).

from . import (
    ask,
    ask_posting,
    ask_sending,
    ask_target,
    connection,
    discuss_channel,
    ir_http,
    mail_bot,
    res_config_settings,
)
