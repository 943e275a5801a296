"""A seeded hour of misfortune in minutes: load at a steady rate, and everything that can happen to workers."""

from __future__ import annotations

import fcntl
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from typing import TYPE_CHECKING

from kafka import KafkaAdminClient

from streams.core.cut import Cut
from streams.edges.topics import create_topics
from streams.embedded.leash import leashed
from streams.settings import load_settings
from tests.chaos.account import judge, last_log_time
from tests.chaos.crew import ROOT, Crew
from tests.integration.kafka_broker import KafkaBroker

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.chaos.account import Account

PARTITIONS = 4
MOST_WORKERS = 3
SESSION_SECONDS = 6.0
DECK = ("kill",) * 5 + ("add", "remove", "freeze", "freeze", "restart broker", "freeze broker")
"""What is dealt, shuffled, again and again; every card comes up before one comes up twice as often."""
WINDOWS = (
    "pair_window={default: 3s, reversal: 4s, refund: 5s}",
    "in_progress_window=3s",
    "reversal_window=12s",
    "redelivery_horizon=6s",
    "resolve_horizon=1h",
    "stall_after=2500ms",
    "hold_limit=6s",
    "idle_lateness=3s",
    "originals_horizon=60s",
    "originals_min_cover=5s",
)
PASSED_MS = 24_000
"""How far judging must have passed the last record: more than every window and the hold limit together."""
PASS_LIMIT_SECONDS = 150.0
LOOK_SECONDS = 0.1


def _is_free(lock: Path) -> bool:
    """Tell whether no process has a database open."""
    try:
        with lock.open("r+b") as file:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


class Chaos:
    """One run: ``seconds`` of load at ``rate`` events a second, and a misfortune every ``gap`` seconds or so.

    With ``static`` the workers have fixed names in the group, without ``disk`` their ledgers are in memory.
    """

    def __init__(
        self,
        folder: Path,
        *,
        seed: int,
        seconds: float,
        rate: float,
        gap: float,
        static: bool = False,
        disk: bool = True,
    ) -> None:
        self._folder = folder
        self._rng = random.Random(seed)
        self._seed, self._seconds, self._rate, self._gap = seed, seconds, rate, gap
        self._static = static
        self._disk = disk
        self._broker = KafkaBroker(folder / "broker")
        self._agenda: list[tuple[float, Callable[[], None]]] = []
        self._deck: list[str] = []
        self.happened: Counter[str] = Counter()
        self.crew: Crew

    def run(self) -> Account:
        """Do it all and return the account."""
        with self._broker:
            options = [
                f"bootstrap_servers={self._broker.bootstrap_servers}",
                "group_id=chaos",
                f"session_timeout={SESSION_SECONDS:g}s",
                "commit_interval=300ms",
                *WINDOWS,
            ]
            if self._disk:
                options.append(f"ledger_dir={self._folder / 'ledgers'}")
            self.settings = load_settings(None, options, {})
            self.crew = Crew(self._folder, self._rng, options, static=self._static)
            create_topics(self.settings, PARTITIONS, 1)
            try:
                return self._run(options)
            finally:
                self.crew.end_all()

    def _run(self, options: list[str]) -> Account:
        for _ in range(2):
            self.crew.hire()
        self._wait(lambda: all(member.ready() for member in self.crew.members), 60.0)
        load = self._start_load(options)
        self._suffer(load)
        self._quieten()
        if load.wait(60) != 0:
            raise RuntimeError(f"the load ended with {load.returncode}: {(self._folder / 'load.log').read_text()}")
        end_ms = last_log_time(self._broker.bootstrap_servers, self.settings, PARTITIONS)
        self._wait(lambda: self._judged_until() >= end_ms + PASSED_MS, PASS_LIMIT_SECONDS)
        for member in list(self.crew.members):
            self.crew.dismiss(member)
        return judge(self._broker.bootstrap_servers, self.settings, PARTITIONS, disk=self._disk)

    def _start_load(self, options: list[str]) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "streams", "simulate", "--bootstrap-servers", self._broker.bootstrap_servers]
        command += ["--seed", str(self._seed), "--duration", f"{self._seconds:g}s", "--rate", f"{self._rate:g}"]
        command += ["--terminals", "200", "--scenario", "everything", "--truth", str(self._folder / "truth.jsonl")]
        for option in options:
            command += ["--set", option]
        with (self._folder / "load.log").open("wb") as log:
            return subprocess.Popen(
                leashed(command), cwd=self._folder, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=log, stderr=log
            )

    # Misfortunes

    def _suffer(self, load: subprocess.Popen[bytes]) -> None:
        """Deal misfortunes until the load is over."""
        self._later(self._gap, self._deal)
        end = time.monotonic() + self._seconds
        while load.poll() is None and time.monotonic() < end:
            self._agenda.sort(key=lambda entry: entry[0])
            if self._agenda and self._agenda[0][0] <= time.monotonic():
                self._agenda.pop(0)[1]()
            else:
                time.sleep(LOOK_SECONDS)
            self.crew.mend()

    def _later(self, seconds: float, action: Callable[[], None]) -> None:
        self._agenda.append((time.monotonic() + seconds, action))

    def _deal(self) -> None:
        if not self._deck:
            self._deck = list(DECK)
            self._rng.shuffle(self._deck)
            if self._disk:
                self._deck.append("lose a disk")
        card = self._deck.pop()
        self.happened[card] += 1
        getattr(self, "_" + card.replace(" ", "_"))()
        self._later(self._rng.uniform(0.3, 1.7) * self._gap, self._deal)

    def _kill(self) -> None:
        member = self.crew.one()
        if member is None:
            self.happened["kill"] -= 1
            return
        self.crew.kill(member)
        self._later(self._rng.uniform(0.0, 2.0), self.crew.hire)

    def _lose_a_disk(self) -> None:
        """Kill a worker, and delete the ledger of a lane that nobody has open, as if it came up on another machine."""
        self._kill()
        places = sorted((self._folder / "ledgers" / "chaos").glob("*/*"))
        free = [place for place in places if _is_free(place / "LOCK")]
        if free:
            shutil.rmtree(self._rng.choice(free), ignore_errors=True)

    def _add(self) -> None:
        if len(self.crew.members) < MOST_WORKERS:
            self.crew.hire()

    def _remove(self) -> None:
        member = self.crew.one()
        if member is not None and len(self.crew.members) > 1:
            self.crew.dismiss(member)

    def _freeze(self) -> None:
        """Stop a worker for longer than its session, then let it go on as if nothing had happened."""
        member = self.crew.one()
        if member is None:
            return
        member.frozen = True
        member.signal(signal.SIGSTOP)

        def thaw() -> None:
            member.signal(signal.SIGCONT)
            member.frozen = False

        self._later(SESSION_SECONDS + self._rng.uniform(1.0, 4.0), thaw)
        if not any(other.running and not other.frozen for other in self.crew.members):
            self.crew.hire()

    def _restart_broker(self) -> None:
        if self._rng.random() < 0.5:
            self._broker.kill()
        else:
            self._broker.stop()
        time.sleep(self._rng.uniform(0.0, 2.0))
        self._broker.start()

    def _freeze_broker(self) -> None:
        pid = self._broker.pid
        if pid is not None:
            os.kill(pid, signal.SIGSTOP)
            time.sleep(self._rng.uniform(2.0, 2.0 + SESSION_SECONDS))
            os.kill(pid, signal.SIGCONT)

    # The end

    def _quieten(self) -> None:
        """End all misfortune."""
        self.crew.thaw_all()
        while not self.crew.members:
            self.crew.hire()

    def _wait(self, condition: Callable[[], bool], seconds: float) -> None:
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end:
                logs = "\n".join(member.log.read_text(errors="replace")[-2_000:] for member in self.crew.members)
                raise TimeoutError(f"waited in vain for {seconds:g} s; the workers say:\n{logs}")
            self.crew.mend()
            time.sleep(1.0)

    def _judged_until(self) -> int:
        """Return the log time up to which every lane has judged and committed, 0 while one has no commit."""
        admin = KafkaAdminClient(bootstrap_servers=self._broker.bootstrap_servers)
        found = admin.list_group_offsets({self.settings.group_id: None})[self.settings.group_id]
        admin.close()
        cuts = [Cut.parse_metadata(entry.metadata) for entry in found.values()]
        if len(cuts) < 2 * PARTITIONS:
            return 0
        return min(cut.j_ms if cut is not None else 0 for cut in cuts)
