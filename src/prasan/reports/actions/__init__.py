"""Every change of a report, one function each. Pages, API, imports and jobs call these; nothing else writes.

Each checks permission, validates, writes rows and one ledger entry in one transaction; what must happen outside
(notices, roll-ups) follows from the ledger after commit (events.py).
"""

from prasan.reports.actions.citizen import (
    report_answer,
    report_comment,
    report_follow,
    report_rate,
    report_reopen,
    report_unfollow,
)
from prasan.reports.actions.clock import deadlines_check
from prasan.reports.actions.handle import (
    Part,
    report_accept,
    report_ask,
    report_assign,
    report_categorise,
    report_finish,
    report_follow_up,
    report_forward,
    report_invite,
    report_irrelevant,
    report_merge,
    report_note,
    report_reply,
    report_resume,
    report_split,
    report_stage,
)
from prasan.reports.actions.submit import Submission, report_submit

__all__ = [
    "Part",
    "Submission",
    "deadlines_check",
    "report_accept",
    "report_answer",
    "report_ask",
    "report_assign",
    "report_categorise",
    "report_comment",
    "report_finish",
    "report_follow",
    "report_follow_up",
    "report_forward",
    "report_invite",
    "report_irrelevant",
    "report_merge",
    "report_note",
    "report_rate",
    "report_reopen",
    "report_reply",
    "report_resume",
    "report_split",
    "report_stage",
    "report_submit",
    "report_unfollow",
]
