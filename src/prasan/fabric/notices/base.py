"""What a channel of notices must do."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field

from prasan.fabric.checks import Result


@dataclass(frozen=True)
class Message:
    """A notice ready to go: rendered in its reader's language, `subject` on one line."""

    key: str
    address: str
    subject: str
    text: str
    headers: dict[str, str] = field(default_factory=dict)


class ChannelDown(Exception):
    """The channel can't be reached now; no message is to blame."""


class AddressRefused(Exception):
    """The address can never be reached; trying again is useless."""


class Channel(ABC):
    """A way to reach people. Its options are a dataclass read from settings by the channel itself."""

    name: str

    @abstractmethod
    def send(self, messages: Sequence[Message]) -> list[Exception | None]:
        """Send in order; per message None or what went wrong (ChannelDown for those not tried)."""

    @abstractmethod
    def check(self) -> Result:
        """Whether the channel can be reached now, for `prasan doctor`; sends nothing."""
