"""What the oracle remembers: legs, vouchers and anomalies, all in plain lists."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.simulation.oracle_policy import AUTOMATIC_REVERSAL

if TYPE_CHECKING:
    from tests.simulation.oracle_decode import Event
    from tests.simulation.oracle_policy import OraclePolicy

TERMINAL, HOST = 0, 1
FINAL = ("approved", "declined", "rejected")
ONE_SIDED = (
    "reversed",
    "reversal_host_only",
    "offline_unverified",
    "denied",
    "original_denied",
    "reversal_repeated",
)


@dataclass
class Run:
    """All records of one (terminal, voucher number) in which each follows the previous by at most L."""

    last: int


@dataclass
class Leg:
    """One side of a voucher: the first event, with what updates and late answers put on top."""

    event: Event
    offset: int
    log_time: int
    policy: OraclePolicy
    runs: list[Run]
    keys: list[tuple[Any, ...]] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Take the identity and the windows from the event that made the leg."""
        self.fields = dict(self.event.fields)
        self.outcome = self.event.outcome
        self.event_id = self.get("event_id")
        self.identity_time = self.log_time
        self.keys.append(self.event.key(self.policy))
        self.base = self.log_time
        self.interim = self.outcome == "in_progress"
        self.deadline = self._deadline()

    def get(self, name: str) -> Any:  # noqa: ANN401 -- a field of JSON can be anything
        """Return a field of the leg, or None."""
        return self.fields.get(name)

    @property
    def source(self) -> int:
        """0 for the terminal, 1 for the host."""
        return self.event.source

    @property
    def settled_outcome(self) -> str:
        """The outcome, "in progress then counting as unknown"."""
        return "unknown" if self.outcome == "in_progress" else self.outcome

    @property
    def expects_reversal(self) -> bool:
        """Whether its kind reverses by itself: "sale, void, preauth, ... completion_void, not offline"."""
        return self.event.kind in AUTOMATIC_REVERSAL and not self.get("offline")

    def _deadline(self) -> int:
        """Until when the leg waits alone and takes status updates."""
        window = self.policy.pair_window_ms[self.event.kind]
        if self.interim:  # "with outcome in_progress (code 09) log time + in_progress_window"
            return self.log_time + self.policy.in_progress_window_ms
        if self.source == TERMINAL and self.outcome == "unknown" and self.expects_reversal:
            # "A terminal leg with outcome unknown expects its reversal: log time + the larger of
            # pair_window and reversal_window, for waiting alone and for status updates"
            return self.base + max(window, self.policy.reversal_window_ms)
        return self.base + window  # "A leg's deadline = its log time + pair_window of its kind"

    def deadline_in_pair(self, kind: str) -> int:
        """What the leg adds to the deadline of its pair, whose kind is the terminal's."""
        if self.interim:
            return self.log_time + self.policy.in_progress_window_ms
        return self.base + self.policy.pair_window_ms[kind]  # "the pair's deadline counts it with pair_window"

    def take(self, later: Leg) -> None:
        """Take a later event: "it replaces outcome and response code, fills the fields that the leg lacks"."""
        event = later.event
        self.runs.extend(later.runs)
        self.outcome = event.outcome
        self.fields.pop("response_code", None)
        for name, item in event.fields.items():
            self.fields.setdefault(name, item)

    def update(self, later: Leg) -> None:
        """Apply a status update: the deadline becomes "the update's log time + pair_window"."""
        self.take(later)
        self.base = later.log_time
        self.interim = later.outcome == "in_progress"
        self.deadline = self._deadline()

    def become(self, later: Leg) -> None:
        """From now on the leg is named by the event that answered late."""
        self.event_id = later.event_id
        self.identity_time = later.log_time

    def code(self) -> str | None:
        """The response code as it stands."""
        found = self.get("response_code")
        return None if found is None else str(found)


@dataclass
class Anomaly:
    """One anomaly with what the promise covers."""

    kind: str
    legs: dict[int, tuple[str, int]]
    record: dict[str, Any]

    @property
    def open(self) -> bool:
        """Whether it is neither resolved nor expired."""
        return bool(self.record["status"] == "open")


@dataclass(eq=False)
class Voucher:
    """One or two legs of one pairing key, from the first record to the verdict and beyond."""

    legs: dict[int, Leg]
    closed: bool = False
    verdict: str | None = None
    waiting: bool = False
    joined: bool = False
    counted: bool = False
    anomaly: Anomaly | None = None
    confirmed_at: int | None = None
    denied: bool = False
    target: Voucher | None = None
    merged_into: Voucher | None = None
    confirms: bool = False
    reversers: list[Voucher] = field(default_factory=list)
    chain_at: int | None = None
    chain_done: bool = False
    chain_target: Voucher | None = None
    chain_kind: str = ""
    not_found: Anomaly | None = None
    unverifiable: bool = False

    @property
    def pair(self) -> bool:
        """Whether both legs are there."""
        return len(self.legs) == 2

    @property
    def only(self) -> Leg:
        """The one leg of a voucher that is alone."""
        (leg,) = self.legs.values()
        return leg

    @property
    def shown(self) -> Leg:
        """The terminal's leg, "the host's where it is alone"."""
        return self.legs.get(TERMINAL) or self.legs[HOST]

    @property
    def kind(self) -> str:
        """Follow "Where the kinds differ, the terminal's decides"."""
        return self.shown.event.kind

    @property
    def reversal(self) -> bool:
        """Whether the voucher is of class reversal."""
        return self.shown.event.reversal

    @property
    def first_time(self) -> int:
        """The log time of its first leg."""
        return min(leg.log_time for leg in self.legs.values())

    @property
    def pair_deadline(self) -> int:
        """Follow "The pair's deadline is the later of its legs' deadlines"."""
        return max(leg.deadline_in_pair(self.kind) for leg in self.legs.values())

    @property
    def automatic(self) -> bool:
        """Whether an automatic reversal is to be expected: kind of the terminal, no leg offline."""
        offline = any(leg.get("offline") for leg in self.legs.values())
        return self.kind in AUTOMATIC_REVERSAL and not offline

    @property
    def both_final(self) -> bool:
        """Whether both outcomes are final (approved, declined, rejected)."""
        return self.pair and all(leg.outcome in FINAL for leg in self.legs.values())

    @property
    def last_record(self) -> int:
        """The log time of the last record of the runs that its events belong to."""
        return max(run.last for leg in self.legs.values() for run in leg.runs)

    @property
    def has_open_anomaly(self) -> bool:
        """Whether the anomaly that its verdict opened is still open."""
        return self.anomaly is not None and self.anomaly.open


def target_identity(leg: Leg) -> tuple[Any, ...]:
    """What a reversal points at: (batch, voucher, rrn, auth code) of its original, else its own key."""
    original = leg.event.get("original")
    if original and set(original) != {"date"}:
        return tuple(original.get(name) for name in ("batch_number", "voucher_number", "rrn", "auth_code"))
    return leg.keys[0]


def show_voucher(legs: dict[int, Leg]) -> dict[str, Any]:
    """Name the voucher "as the terminal wrote them (the host's where it is alone)"."""
    names = ("terminal_id", "merchant_id", "batch_number", "voucher_number", "rrn", "kind")
    sides = [legs[source] for source in (TERMINAL, HOST) if source in legs]
    return {name: next((leg.get(name) for leg in sides if leg.get(name) is not None), None) for name in names}
