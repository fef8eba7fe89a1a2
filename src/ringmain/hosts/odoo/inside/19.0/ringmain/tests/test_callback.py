# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).

import json
from datetime import timedelta

from odoo import fields
from odoo.tests import HttpCase, tagged

from .common import AskMixin
from .stand_in import DONE


@tagged("post_install", "-at_install")
class TestCallback(AskMixin, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_asking()

    def setUp(self):
        super().setUp()
        self.there = self.connect(deliver="callback")
        self.post("Hello?")
        self.run_cron()
        self.row = self.rows()
        (self.asked,) = self.there.asked

    def bring(self, reply=None, token=None, uuid=None):
        """A callback of the hub: its status, and what it is told."""
        uuid = uuid or self.row.uuid
        reply = {"ask": self.row.uuid, **DONE} if reply is None else reply
        response = self.url_open(
            f"/ringmain/answer/{uuid}",
            data=reply if isinstance(reply, str) else json.dumps(reply),
            headers={
                "Authorization": f"Bearer {token or self.asked['deliver']['token']}",
                "Content-Type": "application/json",
            },
        )
        self.env.invalidate_all()
        return response.status_code, response.json().get("state")

    def test_the_hub_is_told_where_to_bring_the_answer(self):
        deliver = self.asked["deliver"]
        self.assertEqual(deliver["how"], "callback")
        self.assertEqual(deliver["to"], f"{self.row.get_base_url()}/ringmain/answer/{self.row.uuid}")
        self.assertGreaterEqual(len(deliver["token"]), 43)

    def test_an_answer_is_posted_once_however_often_it_is_brought(self):
        self.assertEqual(self.bring(), (200, "done"))
        self.assertEqual(self.bring(), (200, "already"))
        self.assertEqual(self.said(), ["<p><strong>Sales</strong> → New</p>"])
        self.assertEqual((self.row.state, self.row.output_tokens), ("done", 212))

    def test_a_wrong_token_is_refused_and_posts_nothing(self):
        self.assertEqual(self.bring(token="wrong"), (403, "forbidden"))
        self.assertEqual((self.said(), self.row.state), ([], "sent"))

    def test_an_unknown_question_is_not_found(self):
        self.assertEqual(self.bring(uuid="no-such"), (404, "unknown"))

    def test_an_answer_after_its_deadline_is_gone(self):
        self.row.deadline = fields.Datetime.now() - timedelta(seconds=1)
        self.assertEqual(self.bring(), (410, "too_late"))
        self.assertEqual(self.said(), [])

    def test_what_is_no_reply_to_this_question_is_unreadable(self):
        for reply in ("no json", [], {"state": "done"}, {"ask": "another", **DONE}, {"ask": self.row.uuid}):
            self.assertEqual(self.bring(reply), (400, "unreadable"))
        self.assertEqual(self.row.state, "sent")

    def test_a_fault_is_brought_and_told(self):
        error = {"code": "upstream_auth", "sentence": "No.", "fix": "Fix.", "fault": "admin"}
        self.assertEqual(self.bring({"ask": self.row.uuid, "state": "failed", "error": error}), (200, "done"))
        self.assertEqual((self.row.state, self.row.fault_code), ("failed", "upstream_auth"))
        self.assertEqual(len(self.said()), 1)

    def test_an_answer_that_is_there_before_the_cron_knows_is_posted_once(self):
        self.row.write({"state": "new", "accepted": False})
        self.assertEqual(self.bring(), (200, "done"))
        self.run_cron()
        self.assertEqual((self.row.state, len(self.said()), len(self.there.asked)), ("done", 1, 1))

    def test_the_hub_finds_out_that_it_reaches_this_odoo(self):
        self.assertEqual(self.url_open("/ringmain/ping").json(), {"ringmain": "odoo"})
        self.assertEqual(self.url_open("/ringmain/ping", data="{}").json(), {"ringmain": "odoo"})
