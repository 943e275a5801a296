"""Pathway with ``interval_join_outer``; parsing, joining and counting run in its own engine, no Python a record.

The join gives out every leg alone as soon as it has it and takes that back when the partner comes, so what it wrote
is never final; a topic of orphans holds additions and withdrawals.  ``common_behavior`` with a delay of the window gave
the same counts on the short day; on the long one it had not finished after 45 s, so it is not used.
"""

from __future__ import annotations

from typing import Any, Final

import pathway as pw

from benchmarks.peers.progress import Progress, asked, keep_telling

TASK = asked()
PROGRESS = Progress()
SETTINGS: Final = {"bootstrap.servers": TASK.servers, "group.id": TASK.group, "auto.offset.reset": "earliest"}
COMMIT_EVERY_MS: Final = 1_500
"""Its default; shorter ones and a bound to the backlog read more slowly, each tried once."""
SIDES: Final = ("terminal", "host")


class Event(pw.Schema):  # type: ignore[misc]  # pathway is not installed where types are checked
    """The fields that the join needs."""

    kind: str | None = pw.column_definition(default_value=None)
    terminal_id: str | None = pw.column_definition(default_value=None)
    voucher_number: str | None = pw.column_definition(default_value=None)
    amount: int | None = pw.column_definition(default_value=None)


def follow(table: Any, column: str, name: str, handled: dict[str, int]) -> None:  # noqa: ANN401  a pathway table
    """Keep the newest value of a table of one row, which the engine counts, under a name."""

    def changed(key: object, row: dict[str, int], time: int, is_addition: bool) -> None:  # noqa: ARG001, FBT001  named by pathway
        if is_addition:
            handled[name] = row[column]
            PROGRESS.handled = sum(handled.get(side, 0) for side in SIDES)
            PROGRESS.pairs = handled.get("pairs", 0)
            PROGRESS.mismatched = handled.get("mismatched", 0)
            PROGRESS.orphans_terminal = handled.get("orphans_terminal", 0)
            PROGRESS.orphans_host = handled.get("orphans_host", 0)

    pw.io.subscribe(table, on_change=changed)


def legs(topic: str) -> Any:  # noqa: ANN401  a pathway table
    """Return every record of a topic; one without a voucher has no number."""
    read = pw.io.kafka.read(
        SETTINGS,
        topic,
        schema=Event,
        format="json",
        with_metadata=True,
        autocommit_duration_ms=COMMIT_EVERY_MS,
    )
    return read.select(
        terminal=pw.coalesce(pw.this.terminal_id, "").str.strip(),
        number=pw.coalesce(pw.this.voucher_number, "").str.strip().str.parse_int(optional=True),
        reversal=pw.coalesce(pw.this.kind, "") == "reversal",
        amount=pw.coalesce(pw.this.amount, -1),
        at=pw.coalesce(pw.this["_metadata"]["timestamp_millis"].as_int(), 0),
    )


def main() -> None:
    """Join until stopped."""
    found: dict[str, int] = {}
    terminal, host = legs(TASK.terminal), legs(TASK.host)
    for name, table in zip(SIDES, (terminal, host), strict=True):
        follow(table.reduce(count=pw.reducers.count()), "count", name, found)
    joined = terminal.interval_join_outer(
        host,
        terminal.at,
        host.at,
        pw.temporal.interval(-TASK.window_ms, TASK.window_ms),
        terminal.terminal == host.terminal,
        terminal.number == host.number,
        terminal.reversal == host.reversal,
    ).select(
        number=pw.coalesce(terminal.number, host.number),
        terminal_id=pw.coalesce(terminal.terminal, host.terminal),
        left=terminal.amount,
        right=host.amount,
    )
    joined = joined.filter(pw.this.number.is_not_none())
    pairs = joined.filter(pw.this.left.is_not_none() & pw.this.right.is_not_none())
    only_terminal = joined.filter(pw.this.right.is_none())
    only_host = joined.filter(pw.this.left.is_none())
    tables = {
        "pairs": pairs,
        "mismatched": pairs.filter(pw.this.left != pw.this.right),
        "orphans_terminal": only_terminal,
        "orphans_host": only_host,
    }
    for name, table in tables.items():
        follow(table.reduce(count=pw.reducers.count()), "count", name, found)
    pw.io.kafka.write(joined.filter(pw.this.left.is_none() | pw.this.right.is_none()), SETTINGS, TASK.orphans)
    keep_telling(PROGRESS)
    pw.run(monitoring_level=pw.MonitoringLevel.NONE, terminate_on_error=False)


if __name__ == "__main__":
    main()
