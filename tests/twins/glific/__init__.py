"""A twin of Glific as it was in August 2026: the node that calls us, and the API that resumes a flow.

`GlificCaller` is a webhook node with method POST:

- the body is the node's JSON with the flow's values in it, "@contact" and "@results" being whole objects, and the
  `organization_id`; it is signed when the call is queued, over the very bytes that are sent;
- it is cut off after five seconds, is never tried again, and follows no redirect;
- only 2xx with a JSON object or list, at a node with a result name, is Success; only then anything is kept;
- a call of the same run, node and address within a minute of the one before is dropped, and the flow hangs.

`GlificApi` is a server with the session endpoints and `resumeContactFlow`. Its facts, which a test can bring on:

| fact | how |
|---|---|
| a token ends after 30 minutes, a renewal token after 30 days and with its first use | the clock, `end_sessions` |
| a token is sent bare: with "Bearer" before it, it is none | |
| `success` is true though nothing waited; only the errors tell | `arm` nothing |
| what comes before the wait node is armed is lost | `arm(after=…)`, `arm(early=…)`, `reach_wait` |
| what comes twice finds nothing that waits | resume twice |
| a flow that was resumed may fail at its next node, and the errors tell it in the same place | `arm(fails=True)` |
| the result is JSON within a text, and its type is `Json` | send something else |
| 60 calls of a user in a minute of the clock on the wall, 50 of nobody's; then 429 in plain text | `limit` |
| a user may be no manager, and an organisation suspended | `manager`, `suspended` |
| an error 500, an answer that does not come, a connection cut, each with and without the work being done | `fail` |

Not reproduced: the queue (three calls of an organisation at once), the second try of a job that crashed, GET, FUNCTION.
"""

from tests.twins.glific.api import GlificApi, run_glific
from tests.twins.glific.caller import GlificCaller, Node, Outcome, Run, sign
from tests.twins.glific.faults import Fault
from tests.twins.glific.organisation import ARMING, Organisation, Received, Resumed

__all__ = [
    "ARMING",
    "Fault",
    "GlificApi",
    "GlificCaller",
    "Node",
    "Organisation",
    "Outcome",
    "Received",
    "Resumed",
    "Run",
    "run_glific",
    "sign",
]
