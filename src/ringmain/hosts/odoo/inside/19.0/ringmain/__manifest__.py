# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
{
    "name": "ringmain",
    "summary": "OdooBot answers, through one governed OpenAI connection",
    "version": "19.0.1.0.0",
    "license": "LGPL-3",
    "author": "ringmain contributors",
    "website": "https://github.com/ringmain/ringmain",
    "category": "Productivity",
    "development_status": "Beta",
    "depends": ["base_setup", "mail_bot"],
    "data": [
        "security/groups.xml",
        "security/ir.model.access.csv",
        "views/res_config_settings_views.xml",
        "wizards/pick_model_views.xml",
    ],
    "assets": {
        "web.assets_tests": ["ringmain/static/tests/tours/*.js"],
    },
    "post_init_hook": "post_init_hook",
    "uninstall_hook": "uninstall_hook",
    "application": True,
}
