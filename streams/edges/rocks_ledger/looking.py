"""A look into a database that a worker may have open: what it keeps of one terminal, and what it covers.

RocksDB opens a database for reading without its lock.  But rocksdict leaves a file of its own in every folder
that it opens, and RocksDB deletes files of a database that is in use.  So a look opens a folder of links beside the
system's temporary files: nothing in the ledger's own folder is written, made or held up.  If the database
changed its files meanwhile, one view may be made of two states, and the look is taken again.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

import msgspec
from rocksdict import AccessType, Rdict

from streams.core.cut import Cut
from streams.core.ledger import NOT_YET
from streams.edges.rocks_ledger.store import (
    COVERS_FROM,
    CUT,
    FORMAT,
    IDENTITY,
    MIB,
    Bounds,
    Identity,
    by_prefix,
    chunks_in,
    newest,
)

if TYPE_CHECKING:
    from streams.core.ledger import Fact

MOST_ATTEMPTS: Final = 20
"""Files change a few times a minute on a busy lane, and a look takes a fraction of a second."""
LOOK_MEMORY_BYTES: Final = 16 * MIB
ALL_FILES: Final = -1
"""All files are opened with the database: what its owner deletes afterwards can still be read."""
_CURRENT: Final = "CURRENT"
_GONE: Final = "No such file"
_PREFIX: Final = "voucherwatch-ledger-"
_LINKS: Final = re.compile(rf"[^ ]*{_PREFIX}[^/ ]+")
"""The folder of links, as RocksDB names it in what it says of a fault."""


class UnreadableLedgerError(Exception):
    """A database cannot be read; the text says why."""


@dataclass(frozen=True, slots=True)
class Look:
    """What one database keeps of a terminal; ``covers_from`` and the times of ``cut`` are log times in ms."""

    identity: Identity
    covers_from: int
    cut: Cut | None
    facts: list[Fact]


def places(root: Path, group: str) -> list[tuple[int, Path]]:
    """Return lane and folder of every database of a group; raises UnreadableLedgerError for a folder that is closed."""
    folder = root / quote(group, safe="")
    try:
        lanes = [path for path in folder.iterdir() if path.name.isdigit()] if folder.exists() else []
        found = [(int(lane.name), place) for lane in lanes for place in lane.iterdir() if place.name.isdigit()]
    except OSError as error:
        raise UnreadableLedgerError(str(error)) from error
    return sorted(found)


def look(place: Path, terminal: str) -> Look:
    """Return what a database keeps of a terminal, as it stands now.

    Raises UnreadableLedgerError for what is damaged, of another format, or gone meanwhile.
    """
    why = "it changes while it is looked at; ask again"
    for _ in range(MOST_ATTEMPTS):
        before = _state_of(place)
        try:
            seen = _look(place, terminal)
        except UnreadableLedgerError:
            raise
        except Exception as error:  # rocksdict raises nothing more exact
            if _state_of(place) == before:
                why = _LINKS.sub(lambda _: str(place), str(error))
                # A file that is not needed any more may go without a change of the list.
                if _GONE not in why:
                    raise UnreadableLedgerError(why) from error
        else:
            if _state_of(place) == before:
                return seen
    raise UnreadableLedgerError(why)


def _state_of(place: Path) -> tuple[str, int]:
    """Return which list of files a database goes by, and how long it is: it grows with every file made or dropped.

    Raises UnreadableLedgerError where there is none.
    """
    try:
        name = (place / _CURRENT).read_text(encoding="ascii", errors="replace").strip()
        return name, (place / name).stat().st_size
    except (OSError, ValueError) as error:
        raise UnreadableLedgerError(str(error)) from error


def _look(place: Path, terminal: str) -> Look:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix=_PREFIX)))
        _link(place, folder)
        options = Bounds(0, LOOK_MEMORY_BYTES).options()
        options.create_if_missing(create_if_missing=False)
        options.set_max_open_files(ALL_FILES)
        names = [name for name in Rdict.list_cf(str(folder), options) if name != "default"]
        database = Rdict(str(folder), options, dict.fromkeys(names, options), AccessType.read_only())
        stack.callback(database.close)
        identity = _identity(database.get(IDENTITY))
        begun, cut = database.get(COVERS_FROM), database.get(CUT)
        readers = [database.get_column_family(name) for name in names]
        for reader in readers:
            stack.callback(reader.close)
        return Look(
            identity,
            NOT_YET if begun is None else int(begun),
            None if cut is None else msgspec.json.decode(cut, type=Cut),
            newest(terminal, chunks_in(readers, terminal, by_prefix()), b""),
        )


def _link(place: Path, folder: Path) -> None:
    """Let a folder show the files of a database that hold what it knows; those by which it is found are copied."""
    for path in place.iterdir():
        name = path.name
        if name == _CURRENT or name.startswith("MANIFEST-"):
            shutil.copyfile(path, folder / name)
        elif name == "IDENTITY" or path.suffix == ".sst" or (path.suffix == ".log" and path.stem.isdigit()):
            (folder / name).symlink_to(path.resolve())


def _identity(text: bytes | None) -> Identity:
    """Return what a database says of itself; raises UnreadableLedgerError for another format, or none."""
    if text is None:
        raise UnreadableLedgerError("nothing was written to it yet")
    try:
        identity = msgspec.json.decode(text, type=Identity)
    except msgspec.MsgspecError as error:
        raise UnreadableLedgerError(f"it does not say what it is of: {error}") from error
    if identity.format != FORMAT:
        raise UnreadableLedgerError(f"it is of format {identity.format}, and this version reads format {FORMAT}")
    return identity
