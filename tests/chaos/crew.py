"""The workers of a chaos run: started, killed, frozen, told to stop, and started again when they end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from streams.embedded.leash import leashed
from tests.integration.recording_stage import fetch, free_port

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = Path(__file__).with_name("worker.py")
STOP_LIMIT_SECONDS = 10.0


class Member:
    """One worker process; ``place`` tells apart the workers that run at one time."""

    def __init__(self, folder: Path, number: int, seed: int, options: Sequence[str], place: int) -> None:
        self.place = place
        self.port = free_port()
        self.log = folder / f"worker-{number}.log"
        self.frozen = False
        command = [sys.executable, str(PROGRAM), str(seed), *options, f"web_port={self.port}"]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(leashed(command), cwd=folder, env=environment, stdout=log, stderr=log)

    @property
    def running(self) -> bool:
        """Whether the process has not ended."""
        return self.process.poll() is None

    def ready(self) -> bool:
        """Tell whether lanes are assigned and rebuilt."""
        return fetch(self.port, "/readyz")[0] == 200

    def signal(self, how: signal.Signals) -> None:
        """Send a signal, if there is somebody to hear it."""
        if self.running:
            self.process.send_signal(how)


class Crew:
    """All workers, and an account of how they ended.

    With ``static`` each has a fixed name in the group, and who comes next takes over the name of who went.
    """

    def __init__(self, folder: Path, rng: random.Random, options: Sequence[str], *, static: bool = False) -> None:
        self._folder = folder
        self._rng = rng
        self._options = options
        self._static = static
        self._started = 0
        self.members: list[Member] = []
        self.ended: Counter[str] = Counter()
        """How workers ended: ``killed``, ``stopped``, ``slow stop``, or ``exit N`` by themselves."""

    def hire(self) -> None:
        """Start one more worker in the first place that is free."""
        taken = {member.place for member in self.members}
        place = next(number for number in range(len(taken) + 1) if number not in taken)
        options = [*self._options, f"group_instance_id=place-{place}"] if self._static else self._options
        self.members.append(Member(self._folder, self._started, self._rng.randrange(2**31), options, place))
        self._started += 1

    def one(self) -> Member | None:
        """Return a running worker that is not frozen, None if there is none."""
        able = [member for member in self.members if member.running and not member.frozen]
        return self._rng.choice(able) if able else None

    def kill(self, member: Member) -> None:
        """End a worker as a crash does."""
        self.members.remove(member)
        member.process.kill()
        member.process.wait()
        self.ended["killed"] += 1

    def dismiss(self, member: Member) -> None:
        """Tell a worker to stop, and wait; one that takes too long is counted and killed."""
        self.members.remove(member)
        member.signal(signal.SIGTERM)
        try:
            code = member.process.wait(STOP_LIMIT_SECONDS)
        except subprocess.TimeoutExpired:
            member.process.kill()
            self.ended["slow stop"] += 1
        else:
            self.ended["stopped" if code == 0 else f"exit {code} at stop"] += 1

    def mend(self) -> None:
        """Do what a supervisor does: start again what has ended by itself."""
        for member in [member for member in self.members if not member.running]:
            self.members.remove(member)
            self.ended[f"exit {member.process.returncode}"] += 1
            self.hire()

    def thaw_all(self) -> None:
        """Let every frozen worker go on."""
        for member in self.members:
            member.signal(signal.SIGCONT)
            member.frozen = False

    def end_all(self) -> None:
        """Leave no process behind."""
        for member in self.members:
            if member.running:
                member.process.kill()
                member.process.wait()

    def generations(self) -> set[int]:
        """Return the generations of the group that some worker has seen; each one is a rebalance."""
        found = set()
        for log in self._folder.glob("worker-*.log"):
            for line in log.read_text(errors="replace").splitlines():
                if '"lanes_assigned"' in line:
                    found.add(int(json.loads(line)["generation"]))
        return found
