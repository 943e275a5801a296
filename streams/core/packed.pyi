# The types of packed.pyx; see there.

from collections.abc import Callable, Sequence

from streams.core.cut import Marks
from streams.core.event import Event
from streams.core.policy import Policy
from streams.core.state import LaneState
from streams.core.wire import DeadLetter, RawRecord

class Packed:
    gate_from: int
    def __init__(self, policy: Policy, *, live: bool, check_keys: bool, partitions: int) -> None: ...
    def attach(
        self,
        state: LaneState,
        *,
        read_again: Callable[[int, int, int, bytes], Event],
        hear: Callable[[int, str, int], None],
        meet: Callable[[int, str, int], None] | None,
    ) -> None: ...
    def read(
        self,
        source: int,
        records: Sequence[RawRecord],
        log_time: int,
        processed: int,
        now_ms: int,
        passed: int,
        marks: Marks | None,
        decode: Callable[[int, int, int, bytes | None, bytes | None, int], Event | DeadLetter | None],
    ) -> tuple[int, list[DeadLetter], list[Event], list[Event]]: ...
    def take_counts(self, source: int) -> tuple[list[tuple[str, str, int]], int]: ...
    def apply(self, mark: int, general: Callable[[Event], None], fire: Callable[[int], None]) -> None: ...
    def unpack(self, terminal: str, number: str) -> list[tuple[int, int, int, bytes]] | None: ...
    def due_keys(self, before: int, at_most: int = ...) -> list[tuple[str, str]]: ...
    def keys_of(self, terminal: str) -> list[tuple[str, str]]: ...
    def sweep(self, now: int) -> None: ...
    def oldest_needed(self, from_ms: int) -> int: ...
    @property
    def sizes(self) -> dict[str, int]: ...
    @property
    def pending(self) -> tuple[int, int]: ...
    @property
    def waiting_counts(self) -> tuple[int, int]: ...
    @property
    def due(self) -> int: ...
