"""What a ledger on disk keeps: the facts of one terminal that it takes at a time, as one chunk of bytes.

A chunk goes under a key that begins with the CRC-32 of the terminal and the terminal itself; behind that the
ledger puts a number that rises, so that a later chunk is read after an earlier one.  A chunk is rows:

    4 bytes   how many follow in this row
    6         log time of the first leg
    8         its source, as the first bit, and its offset
              the number, the count of references in one byte, each reference; a text after its length in one byte
              the voucher

All numbers are big-endian.  ``packed_chunks.pxi`` does the same in C.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final
from zlib import crc32

__all__ = ["PREFIX_BYTES", "Chunk", "chunks_of", "facts_with", "identity_of", "sized", "start_of"]

if TYPE_CHECKING:
    from collections.abc import Sequence

    from streams.core.ledger import Fact

PREFIX_BYTES: Final = 4
"""What all keys of a terminal begin with, and few others."""
_COUNT: Final = struct.Struct(">I")
_PLACE: Final = struct.Struct(">HIQ")
_ROW: Final = struct.Struct(">IHIQ")
_LOW: Final = 0xFFFFFFFF
_OFFSET_BITS: Final = 63

Chunk = tuple[int, bytes, bytes]
"""The bucket of log time that its facts began in, what its key begins with, and its rows."""


def start_of(terminal: str) -> bytes:
    """Return what the keys of a terminal's chunks begin with."""
    text = terminal.encode()
    return _COUNT.pack(crc32(text)) + text


def sized(text: str) -> bytes:
    """Return a text as it stands in a row; raises ``OverflowError`` where it takes more than 255 bytes."""
    raw = text.encode()
    return b"%c%b" % (len(raw), raw)


def identity_of(fact: Fact) -> bytes:
    """Return bytes that stand in the rows of this fact, and in few others."""
    return _PLACE.pack(fact[2] >> 32, fact[2] & _LOW, fact[3] << _OFFSET_BITS | fact[4]) + sized(fact[1])


def plain_facts_with(terminal: str, chunk: bytes, part: bytes) -> list[Fact]:
    """Return the facts of a chunk in whose rows some bytes stand, in the order in which they were put."""
    found = []
    at = 0
    while at < len(chunk):
        size, high, low, rest = _ROW.unpack_from(chunk, at)
        until = at + _COUNT.size + size
        if part not in chunk[at:until]:
            at = until
            continue
        number, at = _text_at(chunk, at + _ROW.size)
        references = []
        count, at = chunk[at], at + 1
        for _ in range(count):
            reference, at = _text_at(chunk, at)
            references.append(reference)
        place = high << 32 | low, rest >> _OFFSET_BITS, rest & ((1 << _OFFSET_BITS) - 1)
        found.append((terminal, number, *place, chunk[at:until], tuple(references)))
        at = until
    return found


def _text_at(chunk: bytes, at: int) -> tuple[str, int]:
    until = at + 1 + chunk[at]
    return chunk[at + 1 : until].decode(), until


def plain_chunks_of(facts: Sequence[Fact], bucket_ms: int) -> list[Chunk]:
    """Return the chunks of facts, in the order of their keys.

    Raises ``OverflowError`` for a text of more than 255 bytes.
    """
    chunks: dict[tuple[bytes, int], list[bytes]] = {}
    for fact in facts:
        terminal, _, log_time, _, _, voucher, references = fact
        row = b"%b%c%b%b" % (identity_of(fact), len(references), b"".join(map(sized, references)), voucher)
        rows = chunks.setdefault((start_of(terminal), log_time // bucket_ms), [])
        rows.append(_COUNT.pack(len(row)) + row)
    return [(bucket, start, b"".join(rows)) for (start, bucket), rows in sorted(chunks.items())]


try:
    from streams.core.packed import chunks_of, facts_with
except ImportError:  # not compiled
    chunks_of = plain_chunks_of
    facts_with = plain_facts_with
