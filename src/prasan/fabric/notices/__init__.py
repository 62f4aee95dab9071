"""Messages to people: queued in the transaction of what they tell of, sent by the worker, retried, never twice.

The queue is `notice_queue`; `base` is what a channel must do, `registry` knows the channels, `email` is one,
`sending` is the worker's part.
"""

from prasan.fabric.notices.queue import NoticeRequest, notice_queue, notice_queue_many

__all__ = ["NoticeRequest", "notice_queue", "notice_queue_many"]
