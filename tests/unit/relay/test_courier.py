"""A courier on a manual clock, with a vendor whose answers a test writes: what is sent when, and what is kept."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest
import structlog
from prometheus_client import CollectorRegistry

from streams.relay.answers import Answer, Meaning
from streams.relay.courier import Courier
from streams.relay.metrics import RESULTS, Reading, RelayMetrics
from streams.relay.notification import read_notification
from streams.relay.store import Store
from streams.settings.robots import Robot
from streams.testing import ManualClock
from tests.unit.relay.payloads import START_MS, alert, body

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

KEY = "0f3c" + "key-of-the-robot"
URL = f"https://robot.example.com/send?key={KEY}"
OK = (200, b'{"errcode":0,"errmsg":"ok"}')
LIMIT = (200, b'{"errcode":45009,"errmsg":"api freq out of limit"}')
BAD_KEY = (200, f'{{"errcode":93000,"errmsg":"invalid webhook url {URL}"}}'.encode())
TOO_LONG = (200, b'{"errcode":40058,"errmsg":"exceed max length"}')
STRANGE = (200, b'{"errcode":77777,"errmsg":"?"}')
LOST = Answer(Meaning.BUSY, "TimeoutError", maybe_sent=True)
UNREACHED = Answer(Meaning.BUSY, "ClientConnectorError")
HOUR_MS = 3_600_000


class Desk:
    """A store, a clock, a scripted vendor and one courier."""

    def __init__(self, folder: Path, *answers: tuple[int, bytes] | Answer, name: str = "ops") -> None:
        self.clock = ManualClock(START_MS)
        self.store = Store(folder / f"{name}.sqlite3")
        self.answers = list(answers)
        self.contents: list[str] = []
        self.metrics = RelayMetrics(CollectorRegistry(), [name], lambda: Reading({}, {}))
        self.robot = Robot(name, "wecom", URL, language="en")
        self.courier = self.start()
        self._number = 0

    def start(self) -> Courier:
        """Return a courier as after a restart."""
        return Courier(self.robot, self.store, self.metrics, post=self.post, now_ms=self.clock, keep_for_ms=6 * HOUR_MS)

    async def post(self, url: str, content: bytes) -> tuple[int, bytes] | Answer:
        """Answer as the script says, then always well."""
        assert url == URL
        self.contents.append(json.loads(content)["markdown"]["content"])
        return self.answers.pop(0) if self.answers else OK

    def give(self, count: int = 1) -> None:
        """Let so many notifications come."""
        for _ in range(count):
            self._number += 1
            read = read_notification(body(alert(f"N{self._number}", annotations={})))
            self.store.take([self.robot.name], read.identity(), read.kept(), self.clock(), 600_000, 1_000)

    def work(self) -> int | None:
        """Let the courier work until it pauses; return the pause in milliseconds, None while nothing waits."""
        while (pause := asyncio.run(self.courier.step())) == 0:
            pass
        return pause

    def result(self, name: str) -> int:
        """Return one of the counts."""
        return self.metrics._counters["notifications_total"][self.robot.name, name]


@pytest.fixture
def desk(tmp_path: Path) -> Callable[..., Desk]:
    """Return what sets up a desk with answers."""
    return lambda *answers, **changes: Desk(tmp_path, *answers, **changes)


def test_what_waits_is_sent_in_order(desk: Callable[..., Desk]) -> None:
    """One message each, oldest first, and nothing is left."""
    at = desk()
    at.give(3)
    assert at.work() is None
    assert ["N1" in at.contents[0], "N2" in at.contents[1], "N3" in at.contents[2]] == [True] * 3
    assert (at.result("sent"), at.store.count("ops")) == (3, 0)


def test_a_storm_becomes_twenty_messages(desk: Callable[..., Desk]) -> None:
    """Of 100 notifications 19 come alone and 81 in a digest; the next minute begins anew."""
    at = desk()
    at.give(100)
    assert at.work() is None
    assert len(at.contents) == 20
    assert "81 notifications in one message" in at.contents[-1]
    assert (at.result("sent"), at.result("digest")) == (19, 81)
    at.give()
    assert at.work() == 60_000
    at.clock.advance(60)
    assert at.work() is None
    assert len(at.contents) == 21


def test_a_failure_is_tried_again_later_and_later(desk: Callable[..., Desk]) -> None:
    """Nothing is lost and nothing is sent before the pause is over."""
    at = desk(UNREACHED, (502, b""), UNREACHED)
    at.give()
    for pause in (1_000, 2_000, 4_000):
        assert at.work() == pause
        at.clock.advance(pause / 1_000 - 0.001)
        assert at.work() == 1
        at.clock.advance(0.001)
    assert at.work() is None
    assert (len(at.contents), at.result("failed"), at.result("sent")) == (4, 3, 1)
    assert "may have come before" not in at.contents[-1]


def test_a_lost_answer_is_said(desk: Callable[..., Desk]) -> None:
    """Who may read it twice is told so."""
    at = desk(LOST)
    at.give()
    at.work()
    at.clock.advance(1)
    at.work()
    assert "This message may have come before" in at.contents[1]


def test_a_crash_in_an_attempt_is_a_lost_answer(desk: Callable[..., Desk]) -> None:
    """A process that dies between request and answer does not know, either; the next one says so."""
    at = desk()
    at.give()

    async def die(*_request: object) -> tuple[int, bytes]:
        raise KeyboardInterrupt

    at.courier._post = die
    with pytest.raises(KeyboardInterrupt):
        at.work()
    at.courier = at.start()
    assert at.work() is None
    assert "This message may have come before" in at.contents[0]


def test_the_limit_holds_over_a_restart(desk: Callable[..., Desk]) -> None:
    """Attempts are written down, so a relay that restarts does not send 20 more."""
    at = desk()
    at.give(100)
    at.work()
    at.courier = at.start()
    at.give()
    assert at.work() == 60_000
    assert len(at.contents) == 20


def test_a_vendors_limit_is_waited_out(desk: Callable[..., Desk]) -> None:
    """45009 means a minute, and counts as refused."""
    at = desk(LIMIT)
    at.give(2)
    assert at.work() == 60_000
    at.clock.advance(60)
    assert at.work() is None
    assert (at.result("refused"), at.result("sent")) == (1, 2)


def test_a_robot_that_has_to_be_mended_keeps_its_messages(desk: Callable[..., Desk]) -> None:
    """A bad key is tried once a minute; once it is mended, everything arrives."""
    at = desk(*[BAD_KEY] * 30)
    for _ in range(30):
        at.give()
        assert at.work() == 60_000
        at.clock.advance(60)
    assert at.store.count("ops") == 30
    assert at.work() is None
    assert (at.result("refused"), at.result("sent") + at.result("digest"), at.result("dropped")) == (30, 30, 0)


def test_what_waits_too_long_is_dropped_and_told(desk: Callable[..., Desk]) -> None:
    """After six hours it is no news; the next message says that something is missing, once."""
    at = desk(UNREACHED)
    at.give(3)
    at.work()
    at.clock.advance(6 * 3_600 + 1)
    at.give()
    assert at.work() is None
    assert at.result("dropped") == 3
    assert "3 earlier messages could not be delivered" in at.contents[1]
    at.give()
    at.work()
    assert "earlier messages" not in at.contents[2]


def test_a_message_that_no_vendor_takes_holds_up_nobody(desk: Callable[..., Desk]) -> None:
    """It is dropped at once, and the next one comes."""
    at = desk(TOO_LONG)
    at.give(2)
    assert at.work() is None
    assert (at.result("refused"), at.result("dropped"), at.result("sent")) == (1, 1, 1)
    assert "1 earlier messages could not be delivered" in at.contents[1]


def test_a_refused_digest_is_sent_one_by_one(desk: Callable[..., Desk]) -> None:
    """One bad text does not take the others along."""
    at = desk(*[OK] * 19, TOO_LONG)
    at.give(45)
    assert at.work() == 60_000
    assert (at.result("dropped"), at.store.count("ops")) == (0, 26)
    at.clock.advance(60)
    assert at.work() == 60_000
    at.clock.advance(60)
    assert at.work() is None
    assert (at.result("sent"), at.result("digest"), at.result("dropped")) == (45, 0, 0)


def test_an_unknown_code_is_tried_five_times(desk: Callable[..., Desk]) -> None:
    """Vendors have more codes than they document; neither is it dropped at once nor does it block for ever."""
    at = desk(*[STRANGE] * 5)
    at.give(2)
    for _ in range(4):
        at.clock.advance((at.work() or 0) / 1_000)
    assert at.work() is None
    assert (at.result("refused"), at.result("dropped"), at.result("sent")) == (5, 1, 1)


def test_what_cannot_be_put_into_words_is_dropped(desk: Callable[..., Desk]) -> None:
    """A record that no longer decodes does not silence the robot."""
    at = desk()
    at.store.take(["ops"], "broken", b"{", at.clock(), 600_000, 1_000)
    at.give()
    assert at.work() is None
    assert (at.result("dropped"), at.result("sent")) == (1, 1)


def test_robots_do_not_wait_for_each_other(tmp_path: Path) -> None:
    """One that never answers leaves the other's messages alone: they share no pause and no place."""
    silent, well = Desk(tmp_path, *[UNREACHED] * 50, name="silent"), Desk(tmp_path, name="well")
    for at in (silent, well):
        at.give(5)
    assert silent.work() == 1_000
    assert well.work() is None
    assert (silent.result("sent"), well.result("sent")) == (0, 5)


def test_no_secret_reaches_the_log(desk: Callable[..., Desk]) -> None:
    """Not even when the vendor quotes the address in its refusal."""
    at = desk(BAD_KEY, UNREACHED, LOST, STRANGE)
    at.give()
    with structlog.testing.capture_logs() as lines:
        for _ in range(5):
            at.clock.advance((at.work() or 0) / 1_000)
    assert [line["event"] for line in lines[:4]] == [
        "message_refused", "message_failed", "message_failed", "message_refused",
    ]  # fmt: skip
    assert lines[0]["code"] == "93000"
    assert KEY not in repr(lines)
    assert "***" in lines[0]["text"]
    assert KEY not in repr(at.robot)


def test_every_result_is_one_of_the_closed_set(desk: Callable[..., Desk]) -> None:
    """All of them are on the page from the start."""
    at = desk()
    page = at.metrics.page("")[0].decode()
    for result in RESULTS:
        assert f'notifications_total{{receiver="ops",result="{result}"}} 0.0' in page


def test_a_stop_sends_what_can_be_sent(desk: Callable[..., Desk]) -> None:
    """The courier ends with an empty queue where the robot takes it, and with a full one where it does not."""

    async def run(at: Desk) -> None:
        task: asyncio.Task[Any] = asyncio.create_task(at.courier.run())
        await asyncio.sleep(0)
        at.give(2)
        at.courier.stop()
        await asyncio.wait_for(task, 10)

    well, refused = desk(), desk(UNREACHED, name="refused")
    asyncio.run(run(well))
    asyncio.run(run(refused))
    assert (well.store.count("ops"), refused.store.count("refused")) == (0, 2)
