"""One RocksDB database: facts in buckets of log time, and beside them what they cover.

A bucket is a column family with the facts whose first leg lies in a quarter of the horizon.  Forgetting
drops whole buckets: RocksDB then deletes their files, reads nothing and compacts nothing, and the disk
holds at most five quarters of a horizon and what is new.  A look-up asks the few buckets there are.

A key is 4 bytes of the terminal's checksum, 4 of the number's, both as text, and the place of the first
leg.  So a terminal's facts lie together, and the first 8 bytes are what the Bloom filters know.  A value is
the references, a line's end, and the voucher.  For each reference there is an entry without a value that
leads to the fact; of a fact that was put again it may be an old one.
Figures in ``benchmarks/README.md``.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from zlib import crc32

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

from streams.core.cut import Cut
from streams.core.ledger import NOT_YET

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from streams.core.ledger import Fact

FORMAT: Final = 1
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
_CHECKSUMS: Final = struct.Struct(">II").pack
_PLACE: Final = struct.Struct(">QBQ")
_PREFIX_BYTES: Final = 8
_IDENTITY, _COVERS_FROM, _CUT = b"identity", b"covers_from", b"cut"


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
        options.set_prefix_extractor(SliceTransform.create_fixed_prefix(_PREFIX_BYTES))
        table = BlockBasedOptions()
        table.set_block_size(BLOCK_BYTES)
        table.set_bloom_filter(BLOOM_BITS, False)  # noqa: FBT003  positional in C
        table.set_cache_index_and_filter_blocks(True)
        table.set_block_cache(cache)
        options.set_block_based_table_factory(table)
        return options


def key_of(terminal: str, number: str) -> bytes:
    """Return what the keys of a number's facts begin with."""
    one, other = terminal.encode(), number.encode()
    return b"%b%b\0%b\0" % (_CHECKSUMS(crc32(one), crc32(other)), one, other)


def _reference_start(terminal: bytes, reference: bytes) -> bytes:
    """Return what the keys of a terminal's reference begin with, before its text; 1 tells them from those of facts."""
    return b"%b\1%b\0" % (_CHECKSUMS(crc32(terminal), crc32(reference, 1)), terminal)


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
        self._of_number = ReadOptions()
        self._of_number.set_prefix_same_as_start(True)
        self._of_terminal = ReadOptions()
        self._of_terminal.set_total_order_seek(True)
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
            found, begun, cut = (self._db.get(key) for key in (_IDENTITY, _COVERS_FROM, _CUT))
            self.covers_from = NOT_YET if begun is None else int(begun)
            self.cut = None if cut is None else msgspec.json.decode(cut, type=Cut)
            if found is None and not self._buckets:
                found = text
                self._db.put(_IDENTITY, text)
        except Exception as error:  # whatever it is, the database is not what we have written
            raise UnfitLedgerError(str(error)) from error
        if found != text:
            raise UnfitLedgerError(f"it says {found!r}, but must say {text!r}")

    def _take(self, bucket: int) -> tuple[Rdict, ColumnFamily]:
        name = str(bucket)
        entry = self._buckets[bucket] = (self._db.get_column_family(name), self._db.get_column_family_handle(name))
        return entry

    # Writing

    def write(self, facts: Iterable[Fact], covers_from: int, cut: Cut | None) -> None:
        """Write facts and the cut that they go before in one batch, whole or not at all; not yet synced."""
        batch = WriteBatch(raw_mode=True)
        put = batch.put
        place = _PLACE.pack
        last, handle = -1, None
        for terminal, number, log_time, source, offset, voucher, references in facts:
            bucket = log_time // self._bucket_ms
            if bucket != last:
                last, handle = bucket, self._handle(bucket)
            if handle is not None:
                one, other = terminal.encode(), number.encode()
                sums = _CHECKSUMS(crc32(one), crc32(other))
                value = b"%b\n%b" % (" ".join(references).encode(), voucher)
                rest = b"%b\0%b" % (other, place(log_time, source, offset))
                put(b"%b%b\0%b" % (sums, one, rest), value, handle)
                for reference in references:
                    text = reference.encode()
                    put(b"%b%b\0%b" % (_reference_start(one, text), text, rest), b"", handle)
        if covers_from != self.covers_from:
            put(_COVERS_FROM, b"%d" % covers_from)
        if cut is not None:
            put(_CUT, msgspec.json.encode(cut))
        if not batch.is_empty():
            self._db.write(batch)
        self.covers_from = covers_from
        self.cut = cut or self.cut

    def drop_cut(self) -> None:
        """Stand at no cut any more: what is written from now on goes before none."""
        if self.cut is not None:
            self._db.delete(_CUT)
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

    def of_number(self, terminal: str, number: str) -> Iterator[Fact]:
        """Yield the facts of a number."""
        start = key_of(terminal, number)
        for reader, _ in self._buckets.values():
            scan = reader.iter(self._of_number)
            scan.seek(start)
            while scan.valid() and (key := scan.key()).startswith(start):
                yield _fact(terminal, number, _PLACE.unpack(key[-_PLACE.size :]), scan.value())
                scan.next()

    def of_reference(self, terminal: str, reference: str) -> Iterator[Fact]:
        """Yield the facts of a terminal that have a reference, or had it before they were put again."""
        one, text = terminal.encode(), reference.encode()
        start = b"%b%b\0" % (_reference_start(one, text), text)
        for reader, _ in self._buckets.values():
            scan = reader.iter(self._of_number)
            scan.seek(start)
            while scan.valid() and (key := scan.key()).startswith(start):
                place, number = key[-_PLACE.size :], key[len(start) : -_PLACE.size - 1].decode()
                value = reader.get(key_of(terminal, number) + place)
                if value is not None:
                    yield _fact(terminal, number, _PLACE.unpack(place), value)
                scan.next()

    def of_terminal(self, terminal: str, since_ms: int) -> Iterator[Fact]:
        """Yield the facts of a terminal since a log time."""
        text = terminal.encode()
        start, full = _CHECKSUMS(crc32(text), 0)[:4], text + b"\0"
        for bucket, (reader, _) in self._buckets.items():
            if bucket < since_ms // self._bucket_ms:
                continue
            scan = reader.iter(self._of_terminal)
            scan.seek(start)
            while scan.valid() and (key := scan.key()).startswith(start):
                if key.startswith(full, _PREFIX_BYTES):
                    place, value = _PLACE.unpack(key[-_PLACE.size :]), scan.value()
                    if place[0] >= since_ms:
                        number = key[_PREFIX_BYTES + len(full) : -_PLACE.size - 1].decode()
                        yield _fact(terminal, number, place, value)
                scan.next()

    @property
    def is_unfinished(self) -> bool:
        """Whether there are facts but no cut that they go before, so that nobody can rely on them."""
        return self.cut is None and bool(self._buckets)

    @property
    def disk_bytes(self) -> int:
        """How much the files take; the log of newest writes included."""
        return sum(entry.stat().st_size for entry in self.path.iterdir() if entry.is_file())

    def close(self) -> None:
        """Close it; the lock is free again when this returns."""
        for reader, _ in self._buckets.values():
            reader.close()
        self._buckets.clear()
        self._db.close()


def _fact(terminal: str, number: str, place: tuple[int, int, int], value: bytes) -> Fact:
    references, _, voucher = value.partition(b"\n")
    return (terminal, number, *place, voucher, tuple(references.decode().split()))
