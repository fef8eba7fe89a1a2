# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).

import base64
import hashlib
import hmac
import logging
import random
import time
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from datetime import timedelta
from typing import NamedTuple

from odoo import api, fields, models
from odoo.tools import config
from psycopg2 import errors as pg

from ..core import payload
from ..core.faults import Fault
from ..core.hub import NO_WAY_BACK, Hub
from .ask import OPEN

_logger = logging.getLogger(__name__)

THREADS = 8
POLL_S = 0.3
# What the hub is told, and how much later than that its answer is still taken in.
DEADLINE_S, GRACE_S = 120, 60
ACCEPT_S, READ_S = 10.0, 45.0
# A hub that has accepted a question is asked for it where it has not called back for this long.
LOOK_AFTER_S = 45
# A hub that cannot be reached is tried again at these distances, then with each run of the cron, for this long.
BACKOFF_S, PATIENCE_S = (1, 2, 4, 15, 30), 45
SOON_S = 5
TRIES = 5
AGAIN = ("unreachable", "no_answer_in_time", "cut", "hub_error", "busy")
FASTER = (pg.SerializationFailure, pg.DeadlockDetected, pg.LockNotAvailable)
LOST = {"code": "not_known_any_more", "sentence": "The question was sent, and nobody knows it any more."}
LATE = {"code": "no_answer_in_time", "sentence": "The answer did not come in time."}
BROKEN = {"code": "addon_error", "sentence": "ringmain has a fault of its own.", "fix": "Look at Odoo's log."}


class Flight(NamedTuple):
    """A call that is on its way: for which row, and whether the same call may be made again without a second bill."""

    row: int
    what: str
    repeatable: bool


class Ask(models.Model):
    """The way out: a cron sends what is new, with the database in its own thread and the calls in others.

    A fault of a hub or a provider is data in the row. Nothing here raises for the sake of one question, as Odoo
    switches off a cron that raises.
    """

    # What is sent and what is posted are two ideas, in a file each.
    _inherit = "ringmain.ask"  # pylint: disable=consider-merging-classes-inherited

    # ── the run ─────────────────────────────────────────────────────────────────────────────────
    @api.model
    def _cron_asks(self):
        """Send and take in until nothing is left, or half of the time that a cron may take is over."""
        began, limit = time.monotonic(), longest_run()
        self._adopt()
        # Two, as a hub that does not say what it has must not keep new questions waiting.
        pool, looking = (ThreadPoolExecutor(THREADS, thread_name_prefix="ringmain") for _ in range(2))
        flights = {}
        try:
            self._look_after(looking, flights)
            while (past := time.monotonic() - began) < limit - min(10, limit / 4):
                self._take_in(flights)
                sends = past < limit / 2
                if sends:
                    self._send_new(pool, flights, read_s=max(5.0, min(READ_S, limit / 2 - 12)))
                if not (asking(flights) or (sends and (flights or self._waiting(within_s=SOON_S)))):
                    break
                wait_a_moment(flights)
        finally:
            for threads in (pool, looking):
                threads.shutdown(wait=False, cancel_futures=True)
        if self._waiting(within_s=0):
            self._wake_cron()
            self.env["ir.cron"]._commit_progress()

    @api.model
    def _waiting(self, within_s):
        """Whether there are rows to be sent within so many seconds."""
        until = fields.Datetime.now() + timedelta(seconds=within_s)
        return bool(self.search_count(self._due(until), limit=1))

    @api.model
    def _due(self, until):
        return [("state", "=", "new"), "|", ("next_try", "=", False), ("next_try", "<=", until)]

    @api.model
    def _adopt(self):
        """What a killed cron had sent goes out again under the same identifier, which a hub never pays for twice.

        Odoo runs one cron once at a time: a row that is sent, and not accepted, has nobody who waits for it.
        """
        for row in self.search([("state", "=", "sent"), ("accepted", "=", False)]):
            self._under_lock(row.id, lambda row: row._anew())

    def _anew(self):
        """Back to the rows that are to be sent, with all patience: after a power cut a hub may come up after Odoo."""
        self.first_sent_at = False
        return self._again(0)

    # ── out ─────────────────────────────────────────────────────────────────────────────────────
    @api.model
    def _send_new(self, pool, flights, *, read_s):
        """Send what is due, as many as there are free threads. Each row is `sent` in the database before it leaves."""
        self.env.cr.rollback()  # nothing is written here; only a new transaction sees new rows
        free = max(0, THREADS - asking(flights))
        for row in self.search(self._due(fields.Datetime.now()), order="id", limit=free) if free else ():
            calls = []
            if self._under_lock(row.id, lambda row, calls=calls: row._made_ready(calls, read_s)):
                flights.update({pool.submit(outcome, call): flight for flight, call in calls})

    def _made_ready(self, calls, read_s):
        """Mark the row as sent, and put into `calls` what is to be called once that is committed."""
        calls.clear()
        if self.state != "new":
            return False
        try:
            client = self.company_id._ringmain_client()
        except Fault as fault:
            return self._end(failed(fault))
        hub = isinstance(client, Hub)
        if self.attempts > 1 and not hub:
            return self._end({"state": "failed", "error": LOST})
        self._mark_sent(hub)
        body, timeout = self._body(hub, read_s)
        calls.append((Flight(self.id, "ask", hub), lambda: client.ask(body, timeout)))
        return False

    def _mark_sent(self, hub):
        now = fields.Datetime.now()
        twice = self.attempts and not hub
        self.write(
            {
                "state": "sent",
                "attempts": self.attempts + 1,
                "first_sent_at": self.first_sent_at or now,
                "sent_at": now,
                "deadline": now + timedelta(seconds=DEADLINE_S + GRACE_S),
                "token_digest": payload.digest(self._token()),
                "notices": "Asked again after an interruption; both calls may have been paid for." if twice else False,
            }
        )

    def _body(self, hub, read_s):
        """What is sent, and for how many seconds its answer is waited for."""
        question = self._question()
        if not hub:
            return payload.for_provider(question, self._turns()), read_s
        if self.company_id.ringmain_deliver != "callback":
            return payload.for_hub(question, deadline_s=DEADLINE_S, deliver={"how": "wait"}), read_s
        to = f"{self.get_base_url()}/ringmain/answer/{self.uuid}"
        deliver = {"how": "callback", "to": to, "token": self._token()}
        return payload.for_hub(question, deadline_s=DEADLINE_S, deliver=deliver), ACCEPT_S

    def _token(self):
        """The callback's token: this question's own, and the same one where the question is sent again."""
        secret = str(self.company_id._ringmain_secret()).encode()
        made = hmac.new(secret, f"answer to {self.uuid}".encode(), hashlib.sha256).digest()
        return base64.urlsafe_b64encode(made).decode().rstrip("=")

    # ── in ──────────────────────────────────────────────────────────────────────────────────────
    @api.model
    def _take_in(self, flights):
        """Bring every call that has come back into its row."""
        for future in [future for future in flights if future.done()]:
            flight, reply = flights.pop(future), future.result()
            take = self._taken_look if flight.what == "look" else self._taken
            self._under_lock(flight.row, lambda row, take=take, flight=flight, reply=reply: take(row, flight, reply))

    @api.model
    def _taken(self, row, flight, reply):
        if row.state != "sent":
            return False  # the callback was faster
        if flight.repeatable and payload.fault(reply.get("error"))["code"] == NO_WAY_BACK:
            # The hub's account has lost the address of this Odoo since the last TEST: waiting works all the same.
            row.company_id.ringmain_deliver = "wait"
            return row._again(0)
        if flight.repeatable and reply.get("again") and row._has_patience(reply):
            return row._again(reply.get("retry_after") or BACKOFF_S[min(row.attempts, len(BACKOFF_S)) - 1])
        return row._end(reply)

    @api.model
    def _taken_look(self, row, flight, reply):
        """What the hub says when it is asked for a question that it had accepted."""
        late = row.deadline and fields.Datetime.now() > row.deadline
        code = payload.fault(reply.get("error"))["code"]
        if reply["state"] == "accepted" or reply.get("again"):
            return late and row._end({"state": "failed", "error": LATE})
        if "again" in reply and code == "not_found":
            return row._end({"state": "failed", "error": LOST}) if late else row._again(0)
        return row._end(reply)

    def _has_patience(self, reply):
        """Whether a hub that gave no reply is tried again: not for ever, as somebody waits for the answer."""
        patience = DEADLINE_S if reply["error"]["code"] == "no_answer_in_time" else PATIENCE_S
        return fields.Datetime.now() < self.first_sent_at + timedelta(seconds=patience)

    def _again(self, wait_s):
        """Back to the rows that are to be sent. Returns False, as this is no end."""
        if self.state == "sent":
            due = fields.Datetime.now() + timedelta(seconds=wait_s) if wait_s else False
            self.write({"state": "new", "accepted": False, "next_try": due})
        return False

    @api.model
    def _look_after(self, pool, flights):
        """Ask the hub for what it has accepted and not brought: the net for callbacks that got lost."""
        since = fields.Datetime.now() - timedelta(seconds=LOOK_AFTER_S)
        rows = self.search([("state", "=", "sent"), ("accepted", "=", True), ("sent_at", "<", since)], limit=200)
        rows._typing()
        self.env["ir.cron"]._commit_progress()
        for row in rows:
            try:
                client, uuid = row.company_id._ringmain_client(), row.uuid
            except Fault as fault:
                self._under_lock(row.id, lambda row, fault=fault: row._end(failed(fault)))
                continue
            if isinstance(client, Hub):
                flights[pool.submit(outcome, lambda look=client.look, uuid=uuid: look(uuid))] = Flight(
                    row.id, "look", True
                )
            else:
                # A hub has accepted it, and the company has changed over to a provider, who would be paid again.
                self._under_lock(row.id, lambda row: row._end({"state": "failed", "error": LOST}))

    @api.model
    def _under_lock(self, row_id, change):
        """Do `change` to the row, locked, in a transaction of its own; again where another transaction was faster.

        Returns whether the transaction was committed.
        """
        for attempt in range(TRIES):
            try:
                self.env.cr.rollback()  # nothing is left open here; a new transaction sees what others did
                row = self.browse(row_id).try_lock_for_update()
                ended = bool(row) and change(row)
                self.env["ir.cron"]._commit_progress(int(bool(ended)))
                return True
            except FASTER:
                self.env.cr.rollback()
                time.sleep(random.uniform(0.02, 0.1) * 2**attempt)  # noqa: S311
            except Exception:
                self.env.cr.rollback()
                _logger.exception("the question %s could not be taken further", row_id)
                self._give_up(row_id)
                return False
        return False

    @api.model
    def _give_up(self, row_id):
        """A row that a fault of ours keeps from its end is not tried for ever, and its asker is told."""
        ended = {"state": "failed", "ended_at": fields.Datetime.now(), "fault_code": BROKEN["code"]}
        for end in (lambda row: row._end({"state": "failed", "error": BROKEN}), lambda row: row.write(ended)):
            try:
                row = self.browse(row_id).try_lock_for_update()
                if row and row.state in OPEN:
                    end(row)
                self.env["ir.cron"]._commit_progress(1)
                return
            except Exception:
                self.env.cr.rollback()
                _logger.exception("the end of the question %s could not be told", row_id)

    # ── a callback ──────────────────────────────────────────────────────────────────────────────
    def _knows_token(self, token):
        return payload.matches(token, self.token_digest)

    def _called_back(self, reply):
        """The status and the state that the hub is told; the row is locked, and what is posted is posted once."""
        if self.state == "done" or (self.state == "failed" and not self._is_late()):
            return 200, {"state": "already"}
        if self._is_late():
            return 410, {"state": "too_late"}
        self._end(reply)
        return 200, {"state": "done"}

    def _is_late(self):
        return bool(self.deadline) and fields.Datetime.now() > self.deadline


def longest_run() -> float:
    """How many seconds Odoo lets a cron run."""
    limit = config["limit_time_real_cron"]
    limit = config["limit_time_real"] if limit == -1 else limit
    return limit if limit and limit > 0 else 120


def asking(flights: dict[Future, Flight]) -> int:
    """How many of these calls ask a question."""
    return sum(flight.what == "ask" for flight in flights.values())


def wait_a_moment(flights: dict[Future, Flight]) -> None:
    """Until a call comes back, or it is time to look for new rows."""
    if flights:
        wait(flights, timeout=POLL_S, return_when=FIRST_COMPLETED)
    else:
        time.sleep(POLL_S)


def outcome(call) -> dict:
    """The reply of a call, in whatever way it ended. It runs in a thread of its own, and knows no database."""
    try:
        return call()
    except Fault as fault:
        return failed(fault)
    except Exception:
        _logger.exception("a call to the connection broke")
        return {"state": "failed", "error": BROKEN}


def failed(fault: Fault) -> dict:
    """A fault in the form of a reply; `again` says whether the same call may still bring an answer."""
    return {
        "state": "failed",
        "error": {"code": fault.code, "sentence": fault.sentence, "fix": fault.fix},
        "fault": fault,
        "again": fault.code in AGAIN,
        "retry_after": fault.retry_after and min(fault.retry_after, 60),
    }
