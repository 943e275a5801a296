"""The fleet: regions, merchants, terminals, software and host links, all drawn from one seed."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

from streams.simulator.params import LARGEST_VOUCHER_NUMBER

if TYPE_CHECKING:
    from random import Random

SHORTEST_BATCH: Final = 120
LONGEST_BATCH: Final = 400
TERMINALS_PER_MERCHANT: Final = 4
NEAR_THE_WRAP: Final = 0.1
"""Share of terminals whose first voucher number is among the last thirty before the wrap."""
LARGEST_SKEW_MS: Final = 4_000


@dataclass(frozen=True, slots=True)
class Region:
    """A place with its clock and its money."""

    name: str
    prefix: str
    offset_minutes: int
    letters: str
    digits: str


@dataclass(frozen=True, slots=True)
class Software:
    """A terminal software version and its habits in writing events."""

    version: str
    share: float
    text_times: bool = False
    """RFC 3339 texts in local time; else epoch milliseconds."""
    padded: bool = True
    """Voucher and batch numbers with leading zeros."""
    says_outcome: bool = False
    """An outcome beside the response code."""
    slip_only: bool = False
    """Neither outcome nor response code for an approved voucher: a slip was printed."""
    rich: bool = False
    """More evidence, and an extra field that the canonical event does not know."""
    mask: str = "stars"


@dataclass(frozen=True, slots=True)
class Link:
    """A host link and the habits of the host behind it."""

    name: str
    padded: bool
    batch: bool
    letters: bool
    mask: str
    text_times: bool
    padded_ids: bool
    own_reversal_number: bool
    """ISO style: a reversal has a number of its own and names the original; else it repeats the number."""


REGIONS: Final = (
    Region("east", "10", 480, "CNY", "156"),
    Region("south", "20", 480, "CNY", "156"),
    Region("harbour", "30", 480, "HKD", "344"),
    Region("west", "40", 60, "EUR", "978"),
)
MODELS: Final = ("M20", "M30", "S9", "X5")
NETWORKS: Final = ("4g", "wifi", "lan")
SOFTWARE: Final = (
    Software("3.2.0", 0.45),
    Software("3.1.4", 0.2, mask="crosses"),
    Software("3.0.9", 0.15, text_times=True, says_outcome=True),
    Software("2.8.1", 0.1, padded=False, text_times=True, mask="last_four"),
    Software("2.7.0", 0.05, slip_only=True),
    Software("4.0.0", 0.05, rich=True),
)
LINKS: Final = (
    Link(
        "acq-north",
        padded=False,
        batch=False,
        letters=True,
        mask="stars",
        text_times=False,
        padded_ids=False,
        own_reversal_number=False,
    ),
    Link(
        "acq-south",
        padded=True,
        batch=True,
        letters=True,
        mask="stars",
        text_times=False,
        padded_ids=False,
        own_reversal_number=False,
    ),
    Link(
        "scheme-a",
        padded=False,
        batch=True,
        letters=False,
        mask="crosses",
        text_times=True,
        padded_ids=True,
        own_reversal_number=True,
    ),
    Link(
        "scheme-b",
        padded=True,
        batch=False,
        letters=True,
        mask="token",
        text_times=False,
        padded_ids=False,
        own_reversal_number=True,
    ),
)


class Past(NamedTuple):
    """An approved voucher that a later void, refund or completion may point at, once."""

    kind: str
    number: int
    batch: int
    amount: int
    rrn: str
    auth: str
    pan_head: str
    pan_tail: str
    at_ms: int
    refunded: int = 0
    """Minor units given back so far."""
    rests_until_ms: int = 0
    """Nothing points at it before this moment: what was done to it last may still be under way."""


class Undoing(NamedTuple):
    """A void that both sides approved, and what it voided."""

    void: Past
    original: Past


@dataclass(slots=True)
class Terminal:
    """One terminal: what never changes, and its counters."""

    terminal_id: str
    key: bytes
    merchant_id: str
    region: Region
    software: Software
    link: Link
    skew_ms: int
    operator: str
    next_number: int
    batch: int
    batch_left: int
    batch_total: int = 0
    terminal_ids: str = ""
    """The JSON text of both ids as the terminal writes them."""
    host_ids: str = ""
    terminal_tail: str = ""
    """The JSON text of the evidence that ends every event of the terminal."""
    host_tail: str = ""
    sales: deque[Past] = field(default_factory=deque)
    preauths: deque[Past] = field(default_factory=deque)
    completions: deque[Past] = field(default_factory=deque)
    declined: deque[Past] = field(default_factory=deque)
    refunded: deque[Past] = field(default_factory=deque)
    """Sales of which a part was refunded."""
    voids: deque[Undoing] = field(default_factory=deque)
    first_number: int = 1
    """The first number that was ever taken."""
    reusable_from: int = 0
    """Numbers before this one are not used again however the terminal forgets: something is, or may be, still
    open under one of them.  0: all may be."""
    model: str = ""
    network: str = ""

    def forget_originals(self) -> None:
        """Let nothing that lies behind be pointed at any more: its numbers are about to be used again."""
        memories = (self.sales, self.preauths, self.completions, self.declined, self.refunded)
        for memory in memories:
            memory.clear()
        self.voids.clear()

    def take_number(self) -> int:
        """Return the next voucher number; 999999 is followed by 1."""
        number = self.next_number
        self.next_number = number + 1 if number < LARGEST_VOUCHER_NUMBER else 1
        self.batch_left -= 1
        return number

    def close_batch(self, length: int) -> int:
        """Start the next batch, of ``length`` vouchers, and return the closed one's total in minor units."""
        total, self.batch_total = self.batch_total, 0
        self.batch = self.batch % LARGEST_VOUCHER_NUMBER + 1
        self.batch_left = length
        return total


def build_fleet(rng: Random, size: int, *, by_merchant: bool = False) -> list[Terminal]:
    """Return ``size`` terminals, about four to a merchant, drawn from ``rng``; their records' key is one of the two."""
    fleet: list[Terminal] = []
    merchant, region, link = "", REGIONS[0], LINKS[0]
    for index in range(size):
        if index % TERMINALS_PER_MERCHANT == 0:
            region = rng.choice(REGIONS)
            link = rng.choice(LINKS)
            # Fifteen digits, as acquirers number merchants; one in ten passes Luhn, which must harm nothing.
            merchant = f"8{region.prefix}{rng.randrange(10**12):012d}"
        terminal = _build_terminal(rng, index, merchant, region, link)
        if by_merchant:
            terminal.key = merchant.encode()
        fleet.append(terminal)
    return fleet


def _build_terminal(rng: Random, index: int, merchant: str, region: Region, link: Link) -> Terminal:
    software = rng.choices(SOFTWARE, [entry.share for entry in SOFTWARE])[0]
    model, network = rng.choice(MODELS), rng.choice(NETWORKS)
    wraps = rng.random() < NEAR_THE_WRAP
    terminal_id = f"{region.prefix}{index + 1:06d}"
    padded_merchant = f"{merchant} " if link.padded_ids else merchant
    padded_terminal = terminal_id.ljust(10) if link.padded_ids else terminal_id
    evidence = f'"software_version":"{software.version}","terminal_model":"{model}","network_type":"{network}"'
    if software.rich:
        evidence += f',"region":"{region.name}","entry_mode":"chip","battery_percent":{rng.randrange(20, 100)}'
    first = LARGEST_VOUCHER_NUMBER - rng.randrange(30) if wraps else rng.randrange(1, 900_000)
    return Terminal(
        terminal_id=terminal_id,
        key=terminal_id.encode(),
        merchant_id=merchant,
        region=region,
        software=software,
        link=link,
        skew_ms=rng.randrange(-LARGEST_SKEW_MS, LARGEST_SKEW_MS),
        operator=f"{rng.randrange(1, 9):02d}",
        next_number=first,
        first_number=first,
        model=model,
        network=network,
        batch=rng.randrange(1, 400),
        batch_left=rng.randrange(SHORTEST_BATCH, LONGEST_BATCH),
        terminal_ids=f'"terminal_id":"{terminal_id}","merchant_id":"{merchant}"',
        host_ids=f'"terminal_id":"{padded_terminal}","merchant_id":"{padded_merchant}"',
        terminal_tail=f',"link":"{link.name}",{evidence}}}',
        host_tail=f',"link":"{link.name}","region":"{region.name}"}}',
    )
