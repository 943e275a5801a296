"""One voucher, and the JSON bytes of its two sides.

Texts are joined from prepared pieces, since a million of them are to be written in seconds.  Every
piece is made of digits, letters and plain signs, so nothing needs escaping.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from streams.simulator.fleet import Terminal

MINUTE_MS: Final = 60_000
HOST_CLOCK_LAG_MS: Final = 40
MOST_STAMPS: Final = 4_096

OUTCOME_OF: Final = {
    "00": "approved",
    **dict.fromkeys(("03", "05", "12", "13", "14", "19", "22", "25", "51", "54", "55", "57", "58"), "declined"),
    **dict.fromkeys(("61", "62", "65", "90"), "declined"),
    "09": "in_progress",
    **dict.fromkeys(("06", "68", "91", "92", "96", "98"), "unknown"),
    **dict.fromkeys(("30", "77", "97", "A0"), "rejected"),
}
"""The response codes that the fleet uses, after the domain page's table of field 39."""

_stamps: dict[tuple[int, int], tuple[str, str]] = {}


@dataclass(slots=True)
class Voucher:
    """What both sides of one voucher agree on, unless a fault says otherwise."""

    terminal: Terminal
    kind: str
    number: int
    batch: int
    amount: int
    """Minor units; a query has none, whatever stands here."""
    pan_head: str
    pan_tail: str
    """First six and last four digits of a card with a test number; the middle exists nowhere."""
    rrn: str
    auth: str
    at_ms: int
    original: str = ""
    """JSON member with a leading comma, or nothing."""
    digits: str = ""
    letters: str = ""
    """Another currency than the region's, for the one fault that needs it."""
    host_ids: str = ""
    """Other ids than the terminal's in the host's record, for the one fault that needs it."""
    shows_batch: bool = False
    """Whether the host's record carries the batch although its link does not."""
    masked_by_host: bool = False
    """Whether the host shows a masked number although its link shows a token."""
    clear: str = ""
    """The whole card number in the terminal's record, for the one fault that needs it."""


def stamp(at_ms: int, offset_minutes: int) -> str:
    """Return epoch milliseconds as an RFC 3339 text in a zone; the texts of recent minutes are kept."""
    minute, rest = divmod(at_ms, MINUTE_MS)
    parts = _stamps.get((minute, offset_minutes))
    if parts is None:
        if len(_stamps) > MOST_STAMPS:
            _stamps.clear()
        local = datetime.fromtimestamp((minute + offset_minutes) * 60, UTC)
        zone = f"+{offset_minutes // 60:02d}:00" if offset_minutes else "Z"
        parts = _stamps[minute, offset_minutes] = (local.strftime("%Y-%m-%dT%H:%M:"), zone)
    return f"{parts[0]}{rest // 1000:02d}.{rest % 1000:03d}{parts[1]}"


def month_day(at_ms: int, offset_minutes: int) -> str:
    """Return the local date as MMDD."""
    local = stamp(at_ms, offset_minutes)
    return local[5:7] + local[8:10]


def masked(style: str, head: str, tail: str) -> str:
    """Return a card in one of the ways in which senders hide it."""
    if style == "stars":
        return f"{head}******{tail}"
    if style == "crosses":
        return f"{head}XXXXXX{tail}"
    if style == "last_four":
        return f"************{tail}"
    # A token of letters and short digit groups: nothing in it looks like a card number.
    return f"tok-{head[2:]}a{tail}"


def terminal_value(voucher: Voucher, event_id: str, code: str, outcome: str, clock_ms: int, extra: str) -> bytes:
    """Return the terminal's event.

    ``code`` may be empty (no answer came); then neither RRN nor authorisation code is known to the
    terminal.  ``outcome`` may be empty; ``clock_ms`` moves the sender's own clock; ``extra`` is
    JSON members with a leading comma.
    """
    terminal = voucher.terminal
    software = terminal.software
    sent_at = voucher.at_ms + terminal.skew_ms + clock_ms
    when = f'"{stamp(sent_at, terminal.region.offset_minutes)}"' if software.text_times else str(sent_at)
    numbers = (
        f'"voucher_number":"{voucher.number:06d}","batch_number":"{voucher.batch:06d}"'
        if software.padded
        else f'"voucher_number":"{voucher.number}","batch_number":"{voucher.batch}"'
    )
    result = ""
    if code:
        approved = code == "00"
        result = f',"rrn":"{voucher.rrn}"'
        if approved:
            result += f',"auth_code":"{voucher.auth}"'
        if not (approved and software.slip_only and not outcome):
            result += f',"response_code":"{code}"'
    if outcome:
        result += f',"outcome":"{outcome}"'
    elif software.says_outcome and code:
        result += f',"outcome":"{OUTCOME_OF[code]}"'
    money = (
        f',"amount":{voucher.amount},"currency":"{voucher.digits or terminal.region.digits}"'
        if voucher.kind != "query"
        else ""
    )
    card = voucher.clear or masked(software.mask, voucher.pan_head, voucher.pan_tail)
    return (
        f'{{"event_id":"{event_id}","kind":"{voucher.kind}","event_time":{when},{terminal.terminal_ids},{numbers}'
        f'{result}{money},"card":"{card}"{voucher.original}{extra}{terminal.terminal_tail}'
    ).encode()


def host_value(voucher: Voucher, event_id: str, code: str, outcome: str, clock_ms: int, extra: str) -> bytes:
    """Return the host's event; ``code`` is needed here, the rest is as in ``terminal_value``."""
    terminal = voucher.terminal
    link = terminal.link
    sent_at = voucher.at_ms + HOST_CLOCK_LAG_MS + clock_ms
    when = f'"{stamp(sent_at, 0)}"' if link.text_times else str(sent_at)
    numbers = f'"voucher_number":"{voucher.number:06d}"' if link.padded else f'"voucher_number":"{voucher.number}"'
    if link.batch or voucher.shows_batch:
        numbers += f',"batch_number":"{voucher.batch:06d}"' if link.padded else f',"batch_number":"{voucher.batch}"'
    result = f',"rrn":"{voucher.rrn}","response_code":"{code}"'
    if code == "00":
        result += f',"auth_code":"{voucher.auth}"'
    if outcome:
        result += f',"outcome":"{outcome}"'
    region = terminal.region
    currency = (voucher.letters or region.letters) if link.letters else (voucher.digits or region.digits)
    money = f',"amount":{voucher.amount},"currency":"{currency}"' if voucher.kind != "query" else ""
    style = "stars" if voucher.masked_by_host else link.mask
    card = masked(style, voucher.pan_head, voucher.pan_tail)
    return (
        f'{{"event_id":"{event_id}","kind":"{voucher.kind}","event_time":{when},'
        f'{voucher.host_ids or terminal.host_ids},{numbers}{result}{money},"card":"{card}"'
        f"{voucher.original}{extra}{terminal.host_tail}"
    ).encode()
