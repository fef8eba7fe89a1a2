/** @odoo-module **/
// License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).

import { SuggestionService } from "@mail/core/common/suggestion_service";
import { patch } from "@web/core/utils/patch";
import { session } from "@web/session";

/** Odoo leaves OdooBot out of the partners that can be mentioned; who may ask it can mention it in any channel. */
patch(SuggestionService.prototype, {
    getPartnerSuggestions(thread) {
        const partners = super.getPartnerSuggestions(...arguments);
        const odoobot = this.store.odoobot;
        if (!session.ringmain_may_ask || thread?.model !== "discuss.channel" || !odoobot) {
            return partners;
        }
        return partners.some((partner) => partner.eq(odoobot)) ? partners : [...partners, odoobot];
    },
});
