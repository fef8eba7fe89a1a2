"""Many asks: a table in, a table out.

mapping    the parts put together, and what may be said of a run
incoming   rows as they come in → asks        template   a prompt with gaps for columns
kept       answers that are paid for          purse      what all may cost
pacer      when the next call may leave       bucket     the limits that it keeps       gate   where calls wait
    reach      how many where nobody tells a limit
run        the rows under way                 table      what comes back                frames   pandas, polars
telling    a run in sentences
sheets     files of rows
"""

from ringmain.rows.frames import Frame
from ringmain.rows.incoming import Given, Unreadable
from ringmain.rows.mapping import chat_map, prepared
from ringmain.rows.run import Limits, Progress, Run, Watch
from ringmain.rows.table import Row, Table

__all__ = [
    "Frame",
    "Given",
    "Limits",
    "Progress",
    "Row",
    "Run",
    "Table",
    "Unreadable",
    "Watch",
    "chat_map",
    "prepared",
]
