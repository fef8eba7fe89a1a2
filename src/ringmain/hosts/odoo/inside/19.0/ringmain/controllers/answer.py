# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).

import json

from odoo import SUPERUSER_ID, http
from odoo.http import request

PUBLIC = {"type": "http", "auth": "public", "csrf": False, "save_session": False}
# The hub tries again on this, as another transaction holds the row at this moment.
BUSY = (503, {"state": "busy"})


class Answer(http.Controller):
    """Where the hub brings answers, and where it finds out whether it can."""

    @http.route("/ringmain/answer/<string:uuid>", methods=["POST"], **PUBLIC)
    def answer(self, uuid):
        """200 done or already, 403 for a wrong token, 404 for an unknown question, 410 after its deadline."""
        rows = request.env["ringmain.ask"].with_user(SUPERUSER_ID)
        row = rows.search([("uuid", "=", uuid)], limit=1)
        if not row:
            return self._said(404, {"state": "unknown"})
        return self._said(*self._brought(row))

    def _brought(self, row):
        scheme, _, token = request.httprequest.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not row._knows_token(token.strip()):
            return 403, {"state": "forbidden"}
        reply = self._reply(row)
        if not reply:
            return 400, {"state": "unreadable"}
        if not row.try_lock_for_update():
            return BUSY
        # Odoo writes out what is left over as the request's user, and the public one may make nobody's chat.
        request.update_env(user=SUPERUSER_ID)
        return row._called_back(reply)

    def _reply(self, row):
        """The reply that was sent, where it is one and is meant for this question."""
        try:
            reply = json.loads(request.httprequest.get_data())
        except ValueError:
            return None
        known = isinstance(reply, dict) and reply.get("state") in ("done", "failed")
        return reply if known and reply.get("ask") == row.uuid else None

    @http.route("/ringmain/ping", methods=["GET", "POST"], **PUBLIC)
    def ping(self):
        """That this is an Odoo with ringmain, which the hub can reach."""
        return self._said(200, {"ringmain": "odoo"})

    def _said(self, status, body):
        return request.make_json_response(body, status=status)
