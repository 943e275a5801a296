"""``calendar`` says what is wrong with a window before it asks a broker for anything."""

# ruff: noqa: RUF001  Chinese text has full-width punctuation

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from streams.core.diagnosis.calendar import Window
from streams.edges import calendar_topic

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from tests.unit.cli.conftest import Voucherwatch

FROM_MS = 1_772_409_600_000
PLAN = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//bank//plan//EN
BEGIN:VEVENT
UID:plan-1
SUMMARY:New switch
DTSTART:20200101T000000Z
DURATION:PT30M
RRULE:FREQ=DAILY
END:VEVENT
END:VCALENDAR
""".replace("\n", "\r\n")


class Topic:
    """A control topic in memory, in place of the brokers'."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Stand in for reading and writing."""
        self.windows: dict[bytes, Window] = {}
        monkeypatch.setattr(calendar_topic, "read_calendar", lambda _: dict(self.windows))
        monkeypatch.setattr(calendar_topic, "write_calendar", self._write)

    def _write(self, settings: object, add: Iterable[Window] = (), remove: Iterable[bytes] = ()) -> None:
        del settings
        self.windows |= {window.id.encode(): window for window in add}
        for key in remove:
            del self.windows[key]


@pytest.fixture
def topic(monkeypatch: pytest.MonkeyPatch) -> Topic:
    """Return a control topic in memory."""
    return Topic(monkeypatch)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--for", "2h"), "A window needs a --link or an --institution"),
        (("--link", "north"), "either --until TIME or --for DURATION"),
        (("--link", "north", "--for", "2h", "--until", "2026-03-02T01:00:00Z"), "either --until TIME or --for"),
        (("--link", "north", "--for", "soon"), "--for is soon, but must be a duration"),
        (("--link", "north", "--from", "2 am", "--for", "2h"), "--from is 2 am, but must be a time with offset"),
        (("--link", "north", "--until", "2001-01-01T00:00:00Z"), "ends before it begins"),
        (("--link", "north", "--for", "40d"), "lasts more than 31 days"),
        (("--link", "x" * 201, "--for", "2h"), "cannot be announced: a text has more than 200 characters"),
    ],
)
def test_a_window_that_cannot_be_meant(
    voucherwatch: Voucherwatch, topic: Topic, arguments: tuple[str, ...], sentence: str
) -> None:
    """Exit code 2 and a sentence; nothing is written."""
    ended = voucherwatch("calendar", "add", *arguments)
    assert ended.code == 2
    assert sentence in " ".join(ended.err.split())
    assert topic.windows == {}


def test_a_window_is_named_after_its_place_and_time(voucherwatch: Voucherwatch, topic: Topic) -> None:
    """Times are taken in any zone and shown in UTC."""
    times = ("--from", "2026-03-02T08:00:00+08:00", "--until", "2026-03-02T01:00:00Z")
    ended = voucherwatch("calendar", "add", "--link", "north", *times, "--reason", "new switch", "--lang", "both")
    assert ended.out.splitlines() == [
        "north-20260302T000000Z: 2026-03-02T00:00:00Z to 2026-03-02T01:00:00Z, link north, new switch",
        "north-20260302T000000Z: 2026-03-02T00:00:00Z 至 2026-03-02T01:00:00Z，链路 north，new switch",
    ]
    (window,) = topic.windows.values()
    assert window == Window("north-20260302T000000Z", FROM_MS, FROM_MS + 3_600_000, "north", reason="new switch")


def test_a_list_leaves_out_what_is_over(voucherwatch: Voucherwatch, topic: Topic) -> None:
    """With ``--all`` it stays; windows of notices say so."""
    assert voucherwatch("calendar", "list", "--lang", "zh").out == "没有维护窗口。\n"
    over = Window("old", 1, 2, "north")
    ahead = Window("notice-7", FROM_MS, 10**14, "north", "bank", source="notice")
    topic.windows = {window.id.encode(): window for window in (ahead, over)}
    names: list[Any] = json.loads(voucherwatch("calendar", "list", "--json").out)
    assert [row["id"] for row in names] == ["notice-7"]
    lines = voucherwatch("calendar", "list", "--all").out.splitlines()
    assert [line.split(":")[0] for line in lines] == ["old", "notice-7"]
    assert lines[1].endswith("link north and institution bank, announced by a notice")


def test_a_window_is_taken_back_by_its_id(voucherwatch: Voucherwatch, topic: Topic) -> None:
    """One that is not there is named; then nothing is removed."""
    topic.windows = {b"k1": Window("a", 1, 2, "north"), b"k2": Window("b", 1, 2, "north")}
    assert "There is no window 'c'" in voucherwatch("calendar", "remove", "a", "c").err
    assert len(topic.windows) == 2
    assert voucherwatch("calendar", "remove", "a", "b").out == "Removed a, b.\n"
    assert topic.windows == {}


def test_an_icalendar_file_read_twice_gives_the_same_windows(
    voucherwatch: Voucherwatch, topic: Topic, tmp_path: Path
) -> None:
    """Each occurrence is one window of the institution, for as many days as asked."""
    (tmp_path / "plan.ics").write_text(PLAN, encoding="utf-8")
    arguments = ("calendar", "import", "plan.ics", "--institution", "bank", "--days", "10", "--json")
    rows = json.loads(voucherwatch(*arguments).out)
    assert len(rows) in {10, 11}
    known: Mapping[bytes, Window] = dict(topic.windows)
    assert voucherwatch(*arguments).code == 0
    assert len(topic.windows.keys() - known.keys()) <= 1
    assert {window.reason for window in topic.windows.values()} == {"New switch"}


def test_no_broker_is_exit_code_3(voucherwatch: Voucherwatch) -> None:
    """The sentence names the broker."""
    settings = ("--bootstrap-servers", "127.0.0.1:1", "--set", "broker_timeout=1s")
    for command in (("list",), ("add", "--link", "north", "--for", "1h")):
        ended = voucherwatch("calendar", *command, *settings)
        assert ended.code == 3
        assert "127.0.0.1:1 does not answer for topic voucher-control" in " ".join(ended.err.split())
