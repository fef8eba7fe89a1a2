/* License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl). */
import {registry} from "@web/core/registry";

const app = ".app_settings_block[data-key='ringmain']";
const notice = (text) => `.o_notification:contains("${text}")`;

registry.category("web_tour.tours").add("ringmain_settings", {
    steps: () => {
        const port = new URLSearchParams(window.location.search).get("other");
        const url = `http://127.0.0.1:${port}`;
        return [
            {
                content: "Open the block of ringmain",
                trigger: ".settings_tab [data-key='ringmain']",
                run: "click",
            },
            {
                content: "The address of the hub",
                trigger: `${app} [name='ringmain_url'] input`,
                run: `edit ${url}`,
            },
            {
                content: "A wrong key",
                trigger: `${app} [name='ringmain_key'] input:visible`,
                run: "edit wrong",
            },
            {
                trigger: `${app} button[name='ringmain_test']`,
                run: "click",
            },
            {
                content: "It is named, with the fix",
                trigger: notice("The hub does not know this key."),
            },
            {
                trigger: ".o_notification_close",
                run: "click",
            },
            {
                content: "The field is empty again",
                trigger: `${app} [name='ringmain_key'] input[placeholder^='(entered']:visible`,
            },
            {
                content: "The right key",
                trigger: `${app} [name='ringmain_key'] input:visible`,
                run: "edit rm-key-that-must-not-be-found",
            },
            {
                trigger: `${app} button[name='ringmain_test']`,
                run: "click",
            },
            {
                content: "Good to go",
                trigger: notice("Everything properly set up! You're good to go!"),
            },
            {
                content: "What was tried waits for Save",
                trigger: `${app} [name='ringmain_key'] input[placeholder='(entered; Save keeps a right one)']:visible`,
            },
            {
                trigger: `${app} [name='ringmain_max_tokens'] input`,
                run: "edit 450",
            },
            {
                content: "Save keeps what was tried",
                trigger: ".o_form_button_save",
                run: "click",
                expectUnloadPage: true,
            },
            {
                content: "The page has come anew, with the address and without the key",
                trigger: `${app} [name='ringmain_key'] input[placeholder='(kept; type to replace)']:visible`,
            },
            {
                trigger: `${app} button[name='ringmain_pick_model']`,
                run: "click",
            },
            {
                content: "The table shows the price",
                trigger: ".modal .o_data_row:contains('gpt-4o-mini'):contains('0.15')",
            },
            {
                content: "Embeddings are not offered",
                trigger: ".modal:not(:contains('embedding'))",
            },
            {
                trigger: ".modal .o_data_row:contains('gpt-4o-mini') button[name='pick']",
                run: "click",
                expectUnloadPage: true,
            },
            {
                content: "The model is written",
                trigger: `body:not(:has(.modal)) ${app} [name='ringmain_model'] input:value("gpt-4o-mini")`,
            },
        ];
    },
});
