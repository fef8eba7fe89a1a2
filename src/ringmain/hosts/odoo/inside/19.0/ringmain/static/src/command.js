/** @odoo-module **/
// License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).

import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { session } from "@web/session";

registry.category("discuss.channel_commands").add("ai", {
    condition: () => Boolean(session.ringmain_may_ask),
    channel_types: ["channel", "chat", "group"],
    help: _t("Ask OdooBot a question"),
    methodName: "execute_command_ai",
});
