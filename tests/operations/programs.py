"""Finds Prometheus and Alertmanager with their tools, or fetches Debian's packages into the checkout's cache folder.

Nothing is installed and no root is needed: the packages are unpacked into a folder of our own.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

PACKAGES: Final = ("prometheus", "prometheus-alertmanager")
FETCH_LIMIT_SECONDS: Final = 300.0
"""30 MB in a second on a fast line."""
CACHE: Final = Path(__file__).resolve().parents[2] / ".cache" / "prometheus"
_SHARE: Final = b"/usr/share/prometheus/alertmanager"
"""Where Debian's Alertmanager looks for its own templates, written into the program."""
REMEDY: Final = "apt-get install prometheus prometheus-alertmanager"


class ProgramsNotAvailableError(Exception):
    """This machine cannot run a real Prometheus; the text is one sentence with the reason and the remedy."""


@dataclass(frozen=True, slots=True)
class Programs:
    """Where the four programs stand; see ``home_of``."""

    prometheus: Path
    promtool: Path
    alertmanager: Path
    amtool: Path


def home_of(program: Path) -> Path:
    """Return the folder to start a program in, so that it finds what came with it: the one above its ``usr/bin``."""
    above = program.resolve().parents
    return above[min(2, len(above) - 1)]


_NAMES: Final = (("prometheus",), ("promtool",), ("prometheus-alertmanager", "alertmanager"), ("amtool",))
"""In the order of ``Programs``; Debian calls Alertmanager by a longer name."""


def programs(cache: Path = CACHE) -> Programs:
    """Return the four programs from the PATH, else from the cache, fetched through apt-get if the cache has none.

    Raises ``ProgramsNotAvailableError`` where they are on neither and there is no apt-get or dpkg, or the fetch fails.
    """
    if (installed := _all_in(os.environ.get("PATH", os.defpath))) is not None:
        return installed
    bin_folder = cache / "unpacked" / "usr" / "bin"
    if (fetched := _all_in(str(bin_folder))) is not None:
        return fetched
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "lock").open("w") as lock:  # two test runs may start together
        fcntl.flock(lock, fcntl.LOCK_EX)
        if _all_in(str(bin_folder)) is None:
            _fetch(cache)
    if (fetched := _all_in(str(bin_folder))) is None:
        raise ProgramsNotAvailableError(f"Debian's packages brought no Prometheus that runs here ({REMEDY})")
    return fetched


def cached(cache: Path = CACHE) -> bool:
    """Tell whether ``programs`` would return without fetching anything."""
    return any(
        _all_in(path) is not None
        for path in (os.environ.get("PATH", os.defpath), str(cache / "unpacked" / "usr" / "bin"))
    )


def _all_in(path: str) -> Programs | None:
    found = [
        next((Path(place) for name in names if (place := shutil.which(name, path=path))), None) for names in _NAMES
    ]
    present = [place for place in found if place is not None]
    return Programs(*present) if len(present) == len(_NAMES) else None


def _fetch(cache: Path) -> None:
    for tool in ("apt-get", "dpkg"):
        if shutil.which(tool) is None:
            raise ProgramsNotAvailableError(
                f"a real Prometheus needs {tool} to be fetched with, or prometheus, promtool, alertmanager and amtool"
                " on the PATH"
            )
    arriving = cache / "arriving"
    shutil.rmtree(arriving, ignore_errors=True)
    arriving.mkdir()
    try:
        # A machine that has never seen a list of packages gets one of its own here; the system's stays as it is.
        if _run(arriving, "apt-get", "download", *PACKAGES) != 0:
            own = _own_lists(cache)
            _run(arriving, "apt-get", *own, "update", "-qq", must=True)
            _run(arriving, "apt-get", *own, "download", *PACKAGES, must=True)
        for package in sorted(arriving.glob("*.deb")):
            _run(arriving, "dpkg", "-x", str(package), "unpacked", must=True)
            package.unlink()
    except subprocess.TimeoutExpired as error:
        raise ProgramsNotAvailableError(
            f"apt-get did not fetch {' and '.join(PACKAGES)} within {FETCH_LIMIT_SECONDS:g} s"
        ) from error
    for name in _NAMES[2]:
        _look_beside(arriving / "unpacked" / "usr" / "bin" / name)
    shutil.rmtree(cache / "unpacked", ignore_errors=True)
    (arriving / "unpacked").rename(cache / "unpacked")  # only a whole set carries the name that is looked for
    shutil.rmtree(arriving, ignore_errors=True)


def _look_beside(program: Path) -> None:
    """Let a program look for its templates below the folder that it is started in: nothing is installed here."""
    if program.exists():
        program.write_bytes(program.read_bytes().replace(_SHARE, _SHARE[1:] + b"/"))


def _own_lists(cache: Path) -> list[str]:
    """Return the options that let apt-get keep its lists in the cache folder."""
    state = cache / "apt"
    (state / "lists" / "partial").mkdir(parents=True, exist_ok=True)
    (state / "archives" / "partial").mkdir(parents=True, exist_ok=True)
    return ["-o", f"Dir::State={state}", "-o", f"Dir::Cache={state}", "-o", "Dir::State::status=/var/lib/dpkg/status"]


def _run(folder: Path, *command: str, must: bool = False) -> int:
    """Run a command in a folder and return its exit code; with ``must`` anything but 0 raises with its complaint."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=FETCH_LIMIT_SECONDS)
    if must and done.returncode != 0:
        complaint = next((line for line in done.stderr.splitlines() if line.startswith(("E:", "dpkg"))), "no reason")
        raise ProgramsNotAvailableError(f"{command[0]} could not fetch Prometheus: {complaint} ({REMEDY})")
    return done.returncode
