"""``python -m tests.chaos``: kill, freeze and restart everything under load, then compare with the undisturbed truth.

Ends with 0 when nothing was lost, invented or contradicted, else with 1.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from pathlib import Path

from tests.chaos.account import explain
from tests.chaos.run import Chaos


def main() -> int:
    """Run and print the seed and a table."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6), help="repeats a run's order of events")
    parser.add_argument("--seconds", type=float, default=660.0, help="how long the load goes on")
    parser.add_argument("--rate", type=float, default=100.0, help="events a second, both sources together")
    parser.add_argument("--gap", type=float, default=8.0, help="seconds between two misfortunes, on average")
    parser.add_argument("--static", action="store_true", help="workers with fixed names in the group")
    parser.add_argument("--memory", action="store_true", help="ledgers in memory, filled anew at every start")
    parser.add_argument("--keep", type=Path, help="a folder for logs and records instead of a temporary one")
    options = parser.parse_args()
    names = ", fixed names" if options.static else ""
    sys.stdout.write(f"chaos: seed {options.seed}, {options.seconds:g} s at {options.rate:g} events/s{names}\n")
    sys.stdout.flush()
    with tempfile.TemporaryDirectory(prefix="voucherwatch-chaos-") as scratch:
        folder = options.keep or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        began = time.monotonic()
        run = Chaos(
            folder,
            seed=options.seed,
            seconds=options.seconds,
            rate=options.rate,
            gap=options.gap,
            static=options.static,
            disk=not options.memory,
        )
        account = run.run()
        rows = {
            "duration, s": round(time.monotonic() - began),
            "events": account.events,
            **{f"misfortune: {name}": count for name, count in sorted(run.happened.items())},
            **{f"workers ended: {how}": count for how, count in sorted(run.crew.ended.items())},
            "rebalances": len(run.crew.generations()),
            "anomalies expected": account.expected,
            "anomaly records written": account.records,
            "outside the promise (held, limited, feeds)": account.aside,
            "lost": len(account.lost),
            "invented": len(account.invented),
            "contradictory": len(account.contradictory),
            "last record not the newest": len(account.hidden),
            "dead letters lost": len(account.letters_lost),
            "dead letters invented": len(account.letters_invented),
        }
    width = max(map(len, rows))
    sys.stdout.writelines(f"  {name:<{width}}  {value:>8,}\n" for name, value in rows.items())
    sys.stdout.writelines(f"{line}\n" for line in explain(account))
    return 0 if account.clean else 1


if __name__ == "__main__":
    sys.exit(main())
