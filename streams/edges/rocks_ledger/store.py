"""One RocksDB database: facts in buckets of log time, and beside them what they cover.

A bucket is a column family with the facts whose first leg lies in a quarter of the horizon.  Forgetting
drops whole buckets: RocksDB then deletes their files, reads nothing and compacts nothing, and the disk
holds at most five quarters of a horizon and what is new.  A look-up asks the few buckets there are.

What is written is chunks, see ``core/ledger_chunks.py``: the facts of one terminal in one batch.  A look-up reads the
terminal's chunks; of a fact that was put again the later one counts.
Figures in ``benchmarks/README.md``.
"""

from __future__ import annotations

import os
import struct
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import msgspec
from rocksdict import (
    BlockBasedOptions,
    Cache,
    ColumnFamily,
    DBCompactionStyle,
    DBCompressionType,
    Options,
    Rdict,
    ReadOptions,
    SliceTransform,
    UniversalCompactOptions,
    WriteBatch,
    WriteBufferManager,
)

from streams.core import ledger_chunks
from streams.core.cut import Cut
from streams.core.ledger import NOT_YET

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from streams.core.ledger import Fact
    from streams.core.ledger_chunks import Chunk

FORMAT: Final = 2
"""Rises with every change to keys, values or buckets; a database of another format is not read."""
BUCKETS_PER_HORIZON: Final = 4
MIB: Final = 1024 * 1024
LEAST_BUCKET_MS: Final = 60_000
BLOOM_BITS: Final = 10
BLOCK_BYTES: Final = 32 * 1024
WRITE_BUFFER_BYTES: Final = 32 * MIB
FILES_MERGED_AT_ONCE: Final = 8
"""A bucket is dropped whole one day, so that merging its files serves look-ups alone: the fewer, the cheaper."""
_ZSTD_WINDOW_BITS: Final = -14
IDENTITY, COVERS_FROM, CUT, _NEXT = b"identity", b"covers_from", b"cut", b"next_chunk"
_TURN: Final = struct.Struct(">Q").pack
_TURN_BYTES: Final = 8


class LedgerLockedError(Exception):
    """Another process has the database open."""


class UnfitLedgerError(Exception):
    """The database cannot be read, or is not of this lane, group, topics or format."""


class Identity(msgspec.Struct, frozen=True):
    """What a database must be of; one of anything else is never trusted.

    ``topics`` are the inputs with the ids that the brokers gave them: a topic that was deleted and made
    anew has another.
    """

    group: str
    topics: tuple[tuple[str, str], tuple[str, str]]
    lane: int
    partitions: int
    bucket_ms: int
    format: int = FORMAT


@dataclass(frozen=True)
class Bounds:
    """What the databases of one worker may take in memory together, and how far they reach."""

    horizon_ms: int
    memory_bytes: int = 256 * MIB
    shared: tuple[Cache, WriteBufferManager] = field(init=False)

    def __post_init__(self) -> None:
        """Divide the memory: half for what is written, half for what is read."""
        half = self.memory_bytes // 2
        object.__setattr__(self, "shared", (Cache(half), WriteBufferManager(half, False)))  # noqa: FBT003  positional in C

    @property
    def bucket_ms(self) -> int:
        """How much log time one bucket holds."""
        return max(LEAST_BUCKET_MS, self.horizon_ms // BUCKETS_PER_HORIZON)

    def options(self) -> Options:
        """Return RocksDB's options, for the database and each of its buckets."""
        cache, buffers = self.shared
        options = Options(raw_mode=True)
        options.create_if_missing(create_if_missing=True)
        options.set_write_buffer_manager(buffers)
        options.set_write_buffer_size(WRITE_BUFFER_BYTES)
        # A bucket that gets a fact now and then must not keep the log of all writes alive.
        options.set_max_total_wal_size(4 * WRITE_BUFFER_BYTES)
        options.set_keep_log_file_num(2)
        options.set_max_log_file_size(MIB)
        options.set_max_open_files(256)
        options.set_max_background_jobs(2)
        options.set_compression_type(DBCompressionType.zstd())
        options.set_compression_options(_ZSTD_WINDOW_BITS, 1, 0, 0)
        merge = UniversalCompactOptions()
        merge.min_merge_width = FILES_MERGED_AT_ONCE
        options.set_universal_compaction_options(merge)
        options.set_compaction_style(DBCompactionStyle.universal())
        options.set_level_zero_file_num_compaction_trigger(FILES_MERGED_AT_ONCE)
        options.set_prefix_extractor(SliceTransform.create_fixed_prefix(ledger_chunks.PREFIX_BYTES))
        table = BlockBasedOptions()
        table.set_block_size(BLOCK_BYTES)
        table.set_bloom_filter(BLOOM_BITS, False)  # noqa: FBT003  positional in C
        table.set_cache_index_and_filter_blocks(True)
        table.set_block_cache(cache)
        options.set_block_based_table_factory(table)
        return options


class Store:
    """One open database."""

    def __init__(self, path: Path, identity: Identity, bounds: Bounds) -> None:
        """Open or create it.

        Raises LedgerLockedError while another process has it open, and UnfitLedgerError for what must not
        be trusted; nothing is open then.
        """
        self.path = path
        self._bounds = bounds
        self._bucket_ms = identity.bucket_ms
        self._buckets: dict[int, tuple[Rdict, ColumnFamily]] = {}
        self._of_terminal = by_prefix()
        self._floor = 0
        """Buckets below this one are dropped and not made anew."""
        options = bounds.options()
        try:
            path.mkdir(parents=True, exist_ok=True)
            names = Rdict.list_cf(str(path), options) if (path / "CURRENT").exists() else ["default"]
            self._db = Rdict(str(path), options, {name: bounds.options() for name in names if name != "default"})
        except Exception as error:  # rocksdict raises nothing more exact
            if "LOCK" in str(error):
                raise LedgerLockedError(str(error)) from error
            raise UnfitLedgerError(str(error)) from error
        try:
            for name in names:
                if name != "default":
                    self._take(int(name))
            self._recognise(identity)
        except BaseException:
            self.close()
            raise

    def _recognise(self, identity: Identity) -> None:
        """Read what the database says of itself; a new one is given its identity."""
        text = msgspec.json.encode(identity)
        try:
            found, begun, cut, turn = (self._db.get(key) for key in (IDENTITY, COVERS_FROM, CUT, _NEXT))
            self._next = 0 if turn is None else int(turn)
            self.covers_from = NOT_YET if begun is None else int(begun)
            self.cut = None if cut is None else msgspec.json.decode(cut, type=Cut)
            if found is None and not self._buckets:
                found = text
                self._db.put(IDENTITY, text)
        except Exception as error:  # whatever it is, the database is not what we have written
            raise UnfitLedgerError(str(error)) from error
        if found != text:
            raise UnfitLedgerError(f"it says {found!r}, but must say {text!r}")

    def _take(self, bucket: int) -> tuple[Rdict, ColumnFamily]:
        name = str(bucket)
        entry = self._buckets[bucket] = (self._db.get_column_family(name), self._db.get_column_family_handle(name))
        return entry

    # Writing

    def write(self, chunks: list[Chunk], facts: Sequence[Fact], covers_from: int, cut: Cut | None) -> None:
        """Write chunks, facts, and the cut that they go before in one batch, whole or not at all; not yet synced."""
        batch = WriteBatch(raw_mode=True)
        put = batch.put
        last, handle, turn = -1, None, self._next
        for bucket, start, chunk in [*chunks, *ledger_chunks.chunks_of(facts, self._bucket_ms)]:
            if bucket != last:
                last, handle = bucket, self._handle(bucket)
            if handle is not None:
                put(start + _TURN(turn), chunk, handle)
                turn += 1
        if turn != self._next:
            put(_NEXT, b"%d" % turn)
            self._next = turn
        if covers_from != self.covers_from:
            put(COVERS_FROM, b"%d" % covers_from)
        if cut is not None:
            put(CUT, msgspec.json.encode(cut))
        if not batch.is_empty():
            self._db.write(batch)
        self.covers_from = covers_from
        self.cut = cut or self.cut

    def drop_cut(self) -> None:
        """Stand at no cut any more: what is written from now on goes before none."""
        if self.cut is not None:
            self._db.delete(CUT)
            self.cut = None

    def _handle(self, bucket: int) -> ColumnFamily | None:
        """Return where to write to a bucket, None where it is forgotten."""
        if bucket < self._floor:
            return None
        entry = self._buckets.get(bucket)
        if entry is None:
            self._db.create_column_family(str(bucket), self._bounds.options())
            entry = self._take(bucket)
        return entry[1]

    def sync(self) -> None:
        """Return once all that was written has reached the disk; for a thread of its own."""
        self._db.flush_wal(sync=True)

    def flush(self) -> None:
        """Write all buckets out of memory."""
        for reader, _ in self._buckets.values():
            reader.flush()

    def forget(self, before_ms: int) -> None:
        """Drop the buckets that end before a log time."""
        floor = before_ms // self._bucket_ms
        if floor <= self._floor:
            return
        self._floor = floor
        for bucket in [bucket for bucket in self._buckets if bucket < floor]:
            reader, _ = self._buckets.pop(bucket)
            reader.close()
            self._db.drop_column_family(str(bucket))

    # Reading

    def of_number(self, terminal: str, number: str) -> list[Fact]:
        """Return the facts of a number."""
        part = ledger_chunks.sized(number)
        return [fact for fact in newest(terminal, self._chunks(terminal), part) if fact[1] == number]

    def of_reference(self, terminal: str, reference: str) -> list[Fact]:
        """Return the facts of a terminal that have a reference, or had it before they were put again."""
        chunks = self._chunks(terminal)
        found = newest(terminal, chunks, ledger_chunks.sized(reference))
        return [
            last
            for fact in found
            for last in newest(terminal, chunks, ledger_chunks.identity_of(fact))
            if last[:5] == fact[:5]  # the bytes of an identity can stand in another row, too
        ]

    def of_terminal(self, terminal: str, since_ms: int) -> list[Fact]:
        """Return the facts of a terminal since a log time."""
        chunks = self._chunks(terminal, since_ms // self._bucket_ms)
        return [fact for fact in newest(terminal, chunks, b"") if fact[2] >= since_ms]

    def _chunks(self, terminal: str, since: int = 0) -> list[bytes]:
        """Return the chunks of a terminal from a bucket on, those of one bucket in the order of writing."""
        readers = [reader for bucket, (reader, _) in self._buckets.items() if bucket >= since]
        return chunks_in(readers, terminal, self._of_terminal)

    @property
    def is_unfinished(self) -> bool:
        """Whether there are facts but no cut that they go before, so that nobody can rely on them."""
        return self.cut is None and bool(self._buckets)

    @property
    def disk_bytes(self) -> int:
        """How much the files take; the log of newest writes included."""
        found = 0
        with os.scandir(self.path) as entries:
            for entry in entries:
                with suppress(FileNotFoundError):  # RocksDB deletes files at any time
                    found += entry.stat().st_size
        return found

    def close(self) -> None:
        """Close it; the lock is free again when this returns."""
        for reader, _ in self._buckets.values():
            reader.close()
        self._buckets.clear()
        self._db.close()


def by_prefix() -> ReadOptions:
    """Return how a terminal's chunks are sought: among those whose key begins as the terminal's do."""
    options = ReadOptions()
    options.set_prefix_same_as_start(True)
    return options


def chunks_in(readers: Iterable[Rdict], terminal: str, options: ReadOptions) -> list[bytes]:
    """Return the chunks of a terminal in some buckets, those of one bucket in the order of writing."""
    start = ledger_chunks.start_of(terminal)
    size = len(start) + _TURN_BYTES
    found = []
    for reader in readers:
        scan = reader.iter(options)
        scan.seek(start)
        while scan.valid() and (key := scan.key()).startswith(start):
            if len(key) == size:
                found.append(scan.value())
            scan.next()
    return found


def newest(terminal: str, chunks: Sequence[bytes], part: bytes) -> list[Fact]:
    """Return the facts in whose rows some bytes stand, of those with one identity the one that was put last."""
    return list(
        {fact[:5]: fact for chunk in chunks for fact in ledger_chunks.facts_with(terminal, chunk, part)}.values()
    )
