"""How the demo looks: a live page on a terminal, plain lines anywhere else, and the account at the end."""

# ruff: noqa: PLC0415  heavy libraries are imported by the command that needs them

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any, Final, Self

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.console import RenderableType

    from streams.cli.demo.watch import Sight
    from streams.simulator.score import Score

LINE_SECONDS: Final = 5.0
NEWEST: Final = 8
_COLOURS: Final = {"critical": "red", "warning": "yellow", "info": "cyan"}


def money(amounts: Mapping[str, float]) -> str:
    """Return amounts by currency, for example ``CNY 1,204.50``."""
    return ", ".join(f"{currency} {amount:,.2f}" for currency, amount in amounts.items()) or "-"


class PlainView:
    """One line every few seconds on standard error."""

    def __init__(self) -> None:
        """Say the first line at once."""
        self._next = 0.0

    def __enter__(self) -> Self:
        """Need nothing."""
        return self

    def __exit__(self, *fault: object) -> None:
        """Leave nothing."""

    def say(self, sentence: str) -> None:
        """Tell what happens."""
        sys.stderr.write(f"{sentence}\n")
        sys.stderr.flush()

    def show(self, sight: Sight, left_s: float) -> None:
        """Tell the state, not more often than every few seconds."""
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + LINE_SECONDS
        opened = sum(count for count, _ in sight.by_kind().values())
        self.say(
            f"{max(0, left_s):3.0f} s left: {sight.events.total():,} events, {sight.closed['matched']:,} matched,"
            f" {opened} anomalies open, {len(sight.anomalies) - opened} resolved, at risk {money(sight.at_risk())},"
            f" {sight.rejected.total()} bad records"
        )


class LiveView(PlainView):
    """A page that is drawn anew twice a second."""

    def __init__(self, address: str) -> None:
        """Take the worker's address, which the page names."""
        from rich.console import Console
        from rich.live import Live

        super().__init__()
        self._address = address
        self._sentence = ""
        self._live = Live(console=Console(stderr=True), refresh_per_second=2, screen=False)

    def __enter__(self) -> Self:
        """Take the lower part of the terminal."""
        self._live.start()
        return self

    def __exit__(self, *fault: object) -> None:
        """Leave the last page standing."""
        self._live.stop()

    def say(self, sentence: str) -> None:
        """Show the sentence in the page's head."""
        self._sentence = sentence
        self._live.update(sentence)

    def show(self, sight: Sight, left_s: float) -> None:
        """Draw the page."""
        from rich.console import Group

        head = f"[bold]voucherwatch demo[/]  {max(0, left_s):.0f} s left   {self._address}/metrics   {self._sentence}"
        counts = (
            f"events: terminal {sight.events['terminal']:,}, host {sight.events['host']:,}   matched"
            f" {sight.closed['matched']:,}   reversed {sight.closed['reversed']:,}   waiting {sight.pending:,}"
            f"   bad records {sight.rejected.total():,}"
        )
        self._live.update(Group(head, counts, _kinds(sight), _newest(sight)))


def _kinds(sight: Sight) -> RenderableType:
    """Return the anomalies by kind as a table."""
    from rich.table import Table

    table = Table(title=f"Anomalies, at risk {money(sight.at_risk())}", title_justify="left")
    table.add_column("kind")
    for title in ("open", "resolved", "at risk"):
        table.add_column(title, justify="right")
    for kind, (opened, resolved) in sight.by_kind().items():
        table.add_row(kind, str(opened), str(resolved), money(sight.at_risk(kind)))
    return table


def _newest(sight: Sight) -> RenderableType:
    """Return the newest anomalies as a table."""
    from rich.table import Table

    table = Table(title="Newest", title_justify="left")
    for title in ("time", "kind", "severity", "terminal", "voucher", "status"):
        table.add_column(title)
    for record in sight.newest(NEWEST):
        voucher: dict[str, Any] = record.get("voucher") or {}
        table.add_row(
            time.strftime("%H:%M:%S", time.localtime(record["opened_at"] / 1000)),
            record["kind"],
            f"[{_COLOURS.get(record['severity'], 'white')}]{record['severity']}[/]",
            str(voucher.get("terminal_id") or "-"),
            str(voucher.get("voucher_number") or "-"),
            str(record.get("resolution") or record["status"]),
        )
    return table


def account(score: Score, rejected: int, expected_rejected: int) -> str:
    """Return what was found against what the simulation had hidden, kind by kind."""
    lines = [f"{'kind':20} {'expected':>8} {'found':>6} {'missed':>6} {'false':>6} {'precision':>10} {'recall':>8}"]
    lines += [
        f"{kind:20} {of.expected:8} {of.found:6} {of.missed:6} {of.false:6} {of.precision:10.1%} {of.recall:8.1%}"
        for kind, of in score.kinds.items()
    ]
    lines.append(f"{'bad records':20} {expected_rejected:8} {rejected:6}")
    if score.perfect and rejected == expected_rejected:
        lines.append("Every hidden fault was found, and nothing else.")
    if score.diagnosed:
        share = score.rightly / score.diagnosed
        lines.append(f"The likeliest cause is the true one of {score.rightly} among {score.diagnosed} ({share:.0%}).")
    lines += [f"Found otherwise than expected: {sentence}." for sentence in score.differing[:5]]
    return "\n".join(lines) + "\n"
