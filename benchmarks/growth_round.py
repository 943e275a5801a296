"""One lane with many vouchers pending, in a process of its own: ``python -m benchmarks.growth_round PENDING EVENTS``.

It fills a live lane with sales that no host has answered, then lets each new sale come with the answer to the
oldest one, so that as many stay pending; prints as JSON what a voucher took of memory and an event of time.
With none pending it prints what a closed voucher takes until it is forgotten, at the usual windows.
"""

from __future__ import annotations

import gc
import json
import os
import sys
from time import process_time
from typing import TYPE_CHECKING, Final

from benchmarks.machine import resident_mib
from streams.core.lane import HOST, TERMINAL, Lane
from streams.edges.faust_worker import COLLECT_AFTER
from streams.settings import load_settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from streams.core.wire import RawRecord

TERMINALS: Final = 4_000
EVENTS_PER_MS: Final = 2
FETCH_RECORDS: Final = 256
"""As a worker hands them over."""
EVENTS_PER_CUT: Final = 50_000
"""A worker takes a cut every second."""
WARM_UP: Final = 5_000
BEAT_MS: Final = 1_000
WINDOWS_PASSED_MS: Final = 70_000
"""Longer than the pair window of a sale, far less than a closed voucher is remembered."""
START_MS: Final = 1_772_409_600_000
LONG_WINDOWS: Final = ('pair_window={"default": "24h", "reversal": "24h", "refund": "24h"}', "stall_after=23h")
"""Nothing falls due meanwhile, and the silence of the host is no stall."""
BYTES_PER_MIB: Final = 1024 * 1024


class Growth:
    """A live lane, and the numbers of the next sale and of the next answer."""

    def __init__(self, settings: Sequence[str]) -> None:
        """Begin with an empty lane."""
        self.lane = Lane(0, load_settings(None, settings, {}).policy(), check_keys=False)
        self.sold = 0
        self.answered = 0
        self._offsets = [0, 0]
        self._fed = 0
        self._since_cut = 0

    def step(self, answers: int) -> None:
        """Feed one fetch of sales, and ``answers`` of the host to the oldest ones; a heartbeat where there is none."""
        self._feed(TERMINAL, [self._value(TERMINAL, self.sold + place) for place in range(FETCH_RECORDS)])
        self.sold += FETCH_RECORDS
        values = [self._value(HOST, self.answered + place) for place in range(answers)]
        self.answered += answers
        self._feed(HOST, values or [self._heartbeat()])

    def pass_time(self, span_ms: int) -> None:
        """Let log time pass in both sources without a voucher."""
        for _ in range(span_ms // BEAT_MS):
            self._fed += BEAT_MS * EVENTS_PER_MS
            for source in (TERMINAL, HOST):
                self._feed(source, [self._heartbeat()])

    def _feed(self, source: int, values: list[bytes]) -> None:
        first, now_ms = self._offsets[source], START_MS + self._fed // EVENTS_PER_MS
        # Both sources tell the same times, so that neither waits long for the other.
        records: list[RawRecord] = [
            (first + place, now_ms + place * FETCH_RECORDS // (len(values) * EVENTS_PER_MS), None, value)
            for place, value in enumerate(values)
        ]
        self._offsets[source] += len(values)
        if source == HOST:
            self._fed += 2 * FETCH_RECORDS
        began = process_time()
        out = self.lane.feed(source, records, now_ms)
        self._since_cut += len(values)
        if self._since_cut >= EVENTS_PER_CUT:
            self.lane.cut()
            self._since_cut = 0
        self.spent_s += process_time() - began
        if out.changes or out.dead_letters:
            raise RuntimeError(f"the lane said {out.changes or out.dead_letters}")

    spent_s = 0.0
    """Processor time of the lane alone."""

    @staticmethod
    def _value(source: int, number: int) -> bytes:
        """Return one side of a sale in the size of an ordinary event; both sides agree in everything."""
        terminal = number % TERMINALS
        return (
            f'{{"event_id":"{"th"[source]}-{number}","kind":"sale","event_time":{START_MS + number},'
            f'"terminal_id":"{10_000_000 + terminal}","merchant_id":"8401899703{terminal:05d}",'
            f'"voucher_number":"{number // TERMINALS + 1:06d}","batch_number":"000134","rrn":"{number:012d}",'
            f'"response_code":"00","auth_code":"{number % 1_000_000:06d}","amount":{100 + number % 90_000},'
            f'"currency":"EUR","card":"990485******{number % 10_000:04d}","link":"acq-south",'
            f'"software_version":"7.14.2","network_type":"4g","operator_id":"03"}}'
        ).encode()

    def _heartbeat(self) -> bytes:
        return (
            f'{{"event_id":"h-beat-{self._fed}","kind":"status","event_time":{START_MS + self._fed},'
            f'"terminal_id":"10000000","merchant_id":"840189970300000"}}'
        ).encode()


def _resident_bytes() -> float:
    gc.collect()
    return (resident_mib(os.getpid()) or 0.0) * BYTES_PER_MIB


def _warm(settings: Sequence[str]) -> Growth:
    """Return a lane that has seen some vouchers, in a process that collects garbage as a worker does."""
    growth = Growth(settings)
    while growth.sold < WARM_UP:
        growth.step(FETCH_RECORDS)
    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)
    return growth


def _remembered(events: int) -> dict[str, float]:
    """Close vouchers, let their windows pass, and return what each still takes."""
    growth = _warm(())
    before, sold = _resident_bytes(), growth.sold
    for _ in range(-(-events // (2 * FETCH_RECORDS))):
        growth.step(FETCH_RECORDS)
    growth.pass_time(WINDOWS_PASSED_MS)
    return {"bytes_per_closed": round((_resident_bytes() - before) / (growth.sold - sold))}


def _pending(pending: int, events: int) -> dict[str, float]:
    """Fill a lane, keep it full, and return what a voucher and an event cost."""
    growth = _warm(LONG_WINDOWS)
    before = _resident_bytes()
    while sum(growth.lane.gauges().pending) < pending:
        for _ in range(max(1, min(100, (pending - growth.sold + growth.answered) // FETCH_RECORDS))):
            growth.step(0)
    held, reached = _resident_bytes(), sum(growth.lane.gauges().pending)
    growth.spent_s = 0.0
    steps = -(-events // (2 * FETCH_RECORDS))
    for _ in range(steps):
        growth.step(FETCH_RECORDS)
    return {
        "pending": reached,
        "pending_at_end": sum(growth.lane.gauges().pending),
        "bytes_per_pending": round((held - before) / reached),
        "microseconds_per_event": round(growth.spent_s / (steps * 2 * FETCH_RECORDS) * 1e6, 2),
    }


def main(pending: int, events: int) -> None:
    """Measure and print."""
    sys.stdout.write(json.dumps(_pending(pending, events) if pending else _remembered(events)))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
