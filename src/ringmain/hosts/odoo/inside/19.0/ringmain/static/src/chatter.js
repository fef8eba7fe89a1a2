/** @odoo-module **/
// License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).

import { Chatter } from "@mail/chatter/web_portal/chatter";
import { _t } from "@web/core/l10n/translation";
import { useService } from "@web/core/utils/hooks";
import { patch } from "@web/core/utils/patch";
import { session } from "@web/session";

/** A button above the messages of records that may be asked about; it opens the window of their action menu. */
patch(Chatter.prototype, {
    setup() {
        super.setup(...arguments);
        this.ringmainAction = useService("action");
    },
    get ringmainMayAsk() {
        return Boolean(session.ringmain_may_ask && session.ringmain_records?.includes(this.props.threadModel));
    },
    async ringmainAsk() {
        if ((await this.props.saveRecord?.()) === false) {
            return;
        }
        this.ringmainAction.doAction({
            type: "ir.actions.act_window",
            name: _t("Ask OdooBot"),
            res_model: "ringmain.ask.record",
            views: [[false, "form"]],
            target: "new",
            context: { active_model: this.props.threadModel, active_id: this.props.threadId },
        });
    },
});
