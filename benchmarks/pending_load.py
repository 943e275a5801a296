"""The loads of restart and growth: sales that nobody answers yet, and what is answered meanwhile.

The sales wait for their host in a window of hours, so all of them are pending when the worker dies.
Refunds of the restart have a window that is over before the replay is: a worker that let time pass on one side
before it has read the other makes orphans of them.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final, Literal

from streams.simulator.sinks import KafkaSink
from streams.simulator.stage import SimRecord

if TYPE_CHECKING:
    from collections.abc import Iterator

TERMINALS: Final = 4_000
SALES_A_CHUNK: Final = 10_000
PAIRS_A_CHUNK: Final = 500
"""Refunds whose terminal side opens a chunk and whose host side ends it."""

Source = Literal["terminal", "host"]


def load(sales: int) -> Iterator[SimRecord]:
    """Yield so many terminal sales without host, and between them both sides of refunds."""
    for chunk, first in enumerate(range(0, sales, SALES_A_CHUNK)):
        refunds = range(chunk * PAIRS_A_CHUNK, (chunk + 1) * PAIRS_A_CHUNK)
        yield from (_record("terminal", "refund", number) for number in refunds)
        yield from (_record("terminal", "sale", number) for number in range(first, min(first + SALES_A_CHUNK, sales)))
        yield from (_record("host", "refund", number) for number in refunds)


def filled(pending: int, events: int) -> Iterator[SimRecord]:
    """Yield so many sales that nobody answers, then as many events more: sales, each with the answer to the oldest."""
    yield from (_record("terminal", "sale", number) for number in range(pending))
    for number in range(events // 2):
        yield _record("terminal", "sale", pending + number)
        yield _record("host", "sale", number)


def late_answers(count: int) -> Iterator[SimRecord]:
    """Yield the host's side of the first sales."""
    return (_record("host", "sale", number) for number in range(count))


def refunds_beside(sales: int) -> int:
    """Return how many refunds go with so many sales; each is two records."""
    return -(-sales // SALES_A_CHUNK) * PAIRS_A_CHUNK


def send(servers: str, topics: tuple[str, str], records: Iterator[SimRecord]) -> None:
    """Send records to the terminal and the host topic and wait until the broker has them."""
    with KafkaSink(servers, *topics) as sink:
        for record in records:
            sink.send(record)


def _record(source: Source, kind: str, number: int) -> SimRecord:
    """Return one side of a voucher in the size of an ordinary event; both sides agree in everything."""
    now_ms = time.time_ns() // 1_000_000
    terminal = f"{10_000_000 + number % TERMINALS}"
    # A number of its own at its terminal: sales count up from 1, refunds from 500,001.
    voucher = number // TERMINALS + (500_001 if kind == "refund" else 1)
    value = (
        f'{{"event_id":"{source[0]}-{kind}-{number}","kind":"{kind}","event_time":{now_ms},"terminal_id":"{terminal}",'
        f'"merchant_id":"8401899703{number % TERMINALS:05d}","voucher_number":"{voucher:06d}","batch_number":"000134",'
        f'"rrn":"{number:012d}","response_code":"00","auth_code":"{number % 1_000_000:06d}",'
        f'"amount":{100 + number % 90_000},"currency":"EUR","card":"990485******{number % 10_000:04d}",'
        f'"link":"acq-south","region":"west","shift":"early","software":"7.14.2","locale":"de-AT"}}'
    )
    return SimRecord(now_ms, source, terminal.encode(), value.encode())
