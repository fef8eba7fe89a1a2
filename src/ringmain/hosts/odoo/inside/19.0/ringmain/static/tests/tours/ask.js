/** @odoo-module **/
// License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).

import { registry } from "@web/core/registry";

const INPUT = ".o-mail-Composer-input";
// While something is offered, Enter takes that and sends nothing.
const NOT_OFFERED = "body:not(:has(.o-mail-Composer-suggestion))";

registry.category("web_tour.tours").add("ringmain_ask", {
    steps: () => [
        { trigger: INPUT, run: "edit @Odoo" },
        { trigger: ".o-mail-Composer-suggestion:contains('OdooBot')", run: "click" },
        { trigger: INPUT, run: `edit @OdooBot how are you?` },
        { trigger: NOT_OFFERED },
        { trigger: INPUT, run: "press Enter" },
        { trigger: ".o-mail-Message:contains('how are you?')" },
        { trigger: INPUT, run: "edit /a" },
        { trigger: ".o-mail-Composer-suggestion:contains('Ask OdooBot a question')", run: "click" },
        { trigger: INPUT, run: "edit /ai what is new?" },
        { trigger: NOT_OFFERED },
        { trigger: INPUT, run: "press Enter" },
        { trigger: ".o-mail-Message:contains('Asked: what is new?')" },
    ],
});

registry.category("web_tour.tours").add("ringmain_stock", {
    steps: () => [
        { trigger: INPUT, run: "edit /" },
        { trigger: ".o-mail-Composer-suggestion:contains('help')" },
        { trigger: "body:not(:has(.o-mail-Composer-suggestion:contains('Ask OdooBot a question')))" },
        { trigger: INPUT, run: "edit @" },
        { trigger: ".o-mail-Composer-suggestion:contains('Anna')" },
        { trigger: "body:not(:has(.o-mail-Composer-suggestion:contains('OdooBot')))" },
    ],
});

registry.category("web_tour.tours").add("ringmain_record", {
    steps: () => [
        { trigger: ".o-ringmain-ask", run: "click" },
        { trigger: ".modal div[name='told']:contains('City: Rome')" },
        { trigger: ".modal button[special='cancel']", run: "click" },
        { trigger: "body:not(:has(.modal))" },
        { trigger: ".o_cp_action_menus button", run: "click" },
        { trigger: ".o-dropdown--menu .o_menu_item:contains('Ask OdooBot')", run: "click" },
        { trigger: ".modal div[name='told']:contains('City: Rome')" },
        { trigger: ".modal div[name='question'] textarea", run: "edit Where is it?" },
        { trigger: ".modal button[name='action_ask']", run: "click" },
        { trigger: ".o_notification:contains('OdooBot has your question')" },
    ],
});
