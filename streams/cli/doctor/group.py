"""What brokers and consumer group say: does everybody work, how far, when was it last written down."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from streams.cli.finding import Remark
from streams.core.lane import Cut
from streams.core.wire import SOURCES
from streams.settings import format_duration

if TYPE_CHECKING:
    from collections.abc import Iterator

    from streams.cli.doctor.facts import Facts
    from streams.settings import Settings

COMMIT_AGE_MS: Final = 120_000
"""A working lane commits every second; the idle rule holds its clock back by half a minute."""
CLOCK_AHEAD_MS: Final = 2_000
"""How far a broker's timestamp may be ahead of this machine's clock: more is no network delay."""


def judge_brokers(settings: Settings, facts: Facts) -> Iterator[Remark]:
    """Yield whether the brokers answer and whether every partition has a leader and all its copies."""
    yield Remark("brokers", f"{', '.join(settings.bootstrap_servers)} answer; brokers with topics: {facts.brokers}")
    if facts.leaderless:
        yield Remark(
            "brokers",
            f"no broker leads {', '.join(facts.leaderless)}",
            "bring back the brokers that hold copies of them",
        )
    if facts.thin:
        yield Remark(
            "brokers",
            f"copies are missing or behind for {', '.join(facts.thin)}",
            "look for a broker that is down or slow",
        )


def judge_group(settings: Settings, facts: Facts) -> Iterator[Remark]:
    """Yield what the group, its commits and its lag say."""
    about = f"group {settings.group_id}"
    if facts.group_members:
        yield Remark(about, f"workers: {facts.group_members}, state {facts.group_state}")
    else:
        yield Remark(about, "no worker is running", "start one with voucherwatch worker")
    yield from _judge_commits(about, settings, facts)


def _judge_commits(about: str, settings: Settings, facts: Facts) -> Iterator[Remark]:
    """Yield age, lag and partition count of the commits."""
    missing = [
        f"{name}-{number}"
        for name in SOURCES
        for number, (first, end) in facts.ends.get(name, {}).items()
        if end > first and (name, number) not in facts.commits
    ]
    if missing:
        yield Remark(about, f"no commit yet for {', '.join(missing)}", "check the log of the worker that owns them")
    lag = dict.fromkeys(SOURCES, 0)
    oldest_ms = facts.now_ms
    for (name, number), (offset, metadata) in facts.commits.items():
        said = Cut.parse_metadata(metadata)
        first, end = facts.ends.get(name, {}).get(number, (0, 0))
        if offset < first:
            yield Remark(
                about,
                f"{name}-{number} is committed at {offset}, but records before {first} are gone",
                f"raise the topic's retention above {format_duration(settings.outage_allowance_ms)} plus the windows",
            )
        if said is None:
            lag[name] += max(0, end - offset)
            yield Remark(
                about,
                f"the commit of {name}-{number} has no note of voucherwatch's own",
                "give the group a name that nothing else uses",
            )
            continue
        lag[name] += max(0, end - said.processed[SOURCES.index(name)])
        oldest_ms = min(oldest_ms, said.j_ms)
        if said.partitions != facts.partitions.get(name, said.partitions):
            yield Remark(
                about,
                f"{name} had {said.partitions} partitions when it was committed and has {facts.partitions[name]} now",
                "follow the migration page before the workers are started again",
            )
    if facts.commits:
        yield _age(about, facts.now_ms - oldest_ms, lag)


def _age(about: str, age_ms: int, lag: dict[str, int]) -> Remark:
    """Return how far behind the group is, in time and in records."""
    records = ", ".join(f"{name} {count}" for name, count in lag.items())
    says = f"everything up to {max(0, age_ms) // 1000} s ago is judged; records not yet read: {records}"
    if age_ms <= COMMIT_AGE_MS:
        return Remark(about, says)
    return Remark(about, says, "check that workers run and keep up; a held source holds this clock too")


def judge_clock(facts: Facts) -> Iterator[Remark]:
    """Yield whether the brokers' clock and this machine's agree, as far as the newest records can show it."""
    stamps = [record.timestamp_ms for records in facts.samples.values() for record in records]
    if not stamps:
        return
    ahead_ms = max(stamps) - facts.now_ms
    if ahead_ms > CLOCK_AHEAD_MS:
        yield Remark(
            "clocks",
            f"the newest record is {ahead_ms} ms ahead of this machine, at most {CLOCK_AHEAD_MS} ms may be",
            "set the clocks of brokers and workers by the same time servers",
        )
    else:
        yield Remark("clocks", "no record is ahead of this machine's clock")
