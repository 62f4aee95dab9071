"""The channels that exist."""

from __future__ import annotations

from prasan.fabric.notices.base import Channel
from prasan.fabric.notices.email import EmailChannel

_channels: dict[str, Channel] = {}


def register(channel: Channel) -> None:
    """Add a channel under its name."""
    if channel.name in _channels:
        raise ValueError(f"two channels are called {channel.name}")
    _channels[channel.name] = channel


def channel(name: str) -> Channel | None:
    """The channel called `name`, or None."""
    return _channels.get(name)


def channels() -> list[Channel]:
    """All channels, by name."""
    return [_channels[name] for name in sorted(_channels)]


register(EmailChannel())
