"""Times as people of one place read and write them: a time zone, a range, and how log times are shown."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from streams.errors import UsageError
from streams.replay.kafka_range import moment
from streams.replay.life.topics import Spread
from streams.settings import parse_duration

if TYPE_CHECKING:
    from streams.settings import Settings

_OFFSET: Final = re.compile(r"([+-])([01][0-9]):?([0-5][0-9])\Z")
_SECOND_MS: Final = 1_000


class Zone:
    """A time zone and the name under which it was asked for."""

    def __init__(self, name: str) -> None:
        """Take ``UTC``, ``local``, a fixed offset or an IANA name; raises UsageError for anything else."""
        self.name = name.strip()
        self._zone = _zone(self.name)

    def shown(self, at_ms: int) -> str:
        """Return a time with milliseconds, without its zone."""
        return self._at(at_ms).strftime("%Y-%m-%d %H:%M:%S.") + f"{at_ms % _SECOND_MS:03d}"

    def title(self, at_ms: int) -> str:
        """Return the zone's name with its offset from UTC at a time."""
        offset = self._at(at_ms).strftime("%z")
        offset = f"{offset[:3]}:{offset[3:5]}"
        return offset if self.name == offset else f"{self.name} ({offset})"

    def with_offset(self, text: str) -> str:
        """Return a time that was written without an offset as one of this zone; anything else as it is."""
        try:
            written = datetime.fromisoformat(text.strip())
        except ValueError:
            return text
        if written.tzinfo is not None or text.strip().isdecimal():
            return text
        return written.replace(tzinfo=self._zone).astimezone(UTC).isoformat()

    def _at(self, at_ms: int) -> datetime:
        return datetime.fromtimestamp(at_ms // _SECOND_MS, UTC).astimezone(self._zone)


def _zone(name: str) -> tzinfo | None:
    if name.lower() == "local":
        return None  # what datetime takes for the zone of this machine
    if name.upper() in ("UTC", "Z"):
        return UTC
    match = _OFFSET.match(name)
    if match is not None:
        sign = -1 if match[1] == "-" else 1
        return timezone(sign * timedelta(hours=int(match[2]), minutes=int(match[3])))
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise UsageError(
            f"--time-zone is {name!r}, which this machine does not know; write an offset such as +08:00, a name such as"
            " Asia/Shanghai, UTC, or local."
        ) from None


def spread(settings: Settings, zone: Zone, now_ms: int, times: tuple[str | None, str | None, str | None]) -> Spread:
    """Return the range of ``--from``, ``--to`` and ``--since``; by default back over ``originals_horizon``.

    Raises UsageError for what is no time, for both ends of one side, and for an empty range.
    """
    from_text, to_text, since_text = times
    if from_text is not None and since_text is not None:
        raise UsageError("--from and --since both say where the range begins; leave one out.")
    horizon_ms = settings.originals_horizon_ms
    from_ms = now_ms - horizon_ms
    if from_text is not None:
        from_ms = moment(zone.with_offset(from_text), "--from", now_ms)
    elif since_text is not None:
        from_ms = now_ms - _back(since_text)
    to_ms = None if to_text in (None, "now") else moment(zone.with_offset(to_text or ""), "--to", now_ms)
    if from_ms >= (now_ms if to_ms is None else to_ms):
        end = "now" if to_ms is None else zone.shown(to_ms)
        raise UsageError(f"The range begins at {zone.shown(from_ms)}, but must begin before its end, {end}.")
    return Spread(max(0, from_ms), to_ms, now_ms, horizon_ms)


def _back(text: str) -> int:
    try:
        duration_ms = parse_duration(text.strip().removeprefix("-"))
    except ValueError:
        duration_ms = 0
    if duration_ms <= 0:
        raise UsageError(f"--since is {text}, but must be a duration above 0 back from now, such as 6h or 2d.")
    return duration_ms
