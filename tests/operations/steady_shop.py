"""Shops that sell without pause, and a host that loses its records when told to."""

from __future__ import annotations

import json
import threading
import time
from typing import TYPE_CHECKING, Final, Self

from kafka import KafkaProducer

from tests.integration.short_windows import SALE

if TYPE_CHECKING:
    from tests.integration.short_windows import Topics

TERMINALS: Final = 20
SALES_A_SECOND: Final = 40.0
AMOUNT: Final = 12_345
"""Minor units: 123.45 in each sale."""


class SteadyShop:
    """Sells from a thread of its own while the ``with`` block runs."""

    def __init__(self, topics: Topics, link: str) -> None:
        """Every event travels on ``link``."""
        self._topics = topics
        self._link = link
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._sell, daemon=True)
        self.loses = False
        """Whether the host loses what it is sent at this moment."""
        self.lost_at: list[float] = []
        """Epoch seconds of each sale that the host lost."""

    def __enter__(self) -> Self:
        """Open."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Close, with everything acknowledged."""
        self._closing.set()
        self._thread.join()

    def lose(self, sales: int) -> float:
        """Let the host lose so many sales; return the epoch seconds of the first."""
        before = len(self.lost_at)
        self.loses = True
        while len(self.lost_at) - before < sales:
            time.sleep(0.01)
        self.loses = False
        return self.lost_at[before]

    def _sell(self) -> None:
        producer = KafkaProducer(bootstrap_servers=self._topics.servers, linger_ms=5)
        number = 0
        begun = time.monotonic()
        while not self._closing.is_set():
            number += 1
            now = time.time()
            loses = self.loses
            for source in ("terminal",) if loses else ("terminal", "host"):
                producer.send(self._topics.names[source], *self._sale(source, number, now))
            if loses:
                self.lost_at.append(now)
            time.sleep(max(0.0, begun + number / SALES_A_SECOND - time.monotonic()))
        producer.flush()
        producer.close()

    def _sale(self, source: str, number: int, now: float) -> tuple[bytes, bytes]:
        """Return value and key of one side of a sale."""
        terminal = f"T{number % TERMINALS}"
        event = SALE | {
            "event_id": f"{source}-{number}",
            "terminal_id": terminal,
            "voucher_number": str(number),
            "event_time": round(now * 1_000),
            "amount": AMOUNT,
            "link": self._link,
        }
        return json.dumps(event).encode(), terminal.encode()
