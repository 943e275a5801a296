"""What a ledger on disk keeps: written in Python or in C it is the same, and it is read as it was put."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.core import ledger_chunks
from streams.core.fact import FIELDS
from streams.core.ledger_chunks import PREFIX_BYTES, chunks_of, facts_with, plain_chunks_of, plain_facts_with
from streams.core.put_lately import MOST_NAMES, PutLately
from tests.contracts.repository import ROOT
from tests.simulation.crashes import CopiedLedger
from tests.unit.core.events import NOW_MS

if TYPE_CHECKING:
    from collections.abc import Callable

    from streams.core.ledger import Fact
    from streams.core.ledger_chunks import Chunk

BUCKET_MS = 3_600_000

TEXTS = st.one_of(st.sampled_from(["1", "12", "T1", "终端", ""]), st.text(max_size=8))
FACTS = st.tuples(
    TEXTS,
    TEXTS,
    st.integers(0, 2**47),
    st.integers(0, 1),
    st.integers(0, 2**62),
    st.binary(max_size=40),
    st.lists(TEXTS, max_size=4).map(tuple),
)


def by_key(chunks: list[Chunk]) -> dict[tuple[bytes, int], list[bytes]]:
    """Return chunks by key and bucket, those of one key in their order."""
    found: dict[tuple[bytes, int], list[bytes]] = {}
    for bucket, start, chunk in chunks:
        found.setdefault((start, bucket), []).append(chunk)
    return found


@given(facts=st.lists(FACTS, max_size=30))
def test_python_and_c_write_the_same(facts: list[Fact]) -> None:
    """Byte for byte; only what has one checksum may come in more than one chunk."""
    ours, theirs = by_key(chunks_of(facts, BUCKET_MS)), by_key(plain_chunks_of(facts, BUCKET_MS))
    assert {key: b"".join(rows) for key, rows in ours.items()} == {key: b"".join(rows) for key, rows in theirs.items()}


@pytest.mark.parametrize("read", [facts_with, plain_facts_with])
@given(facts=st.lists(FACTS, max_size=30))
def test_what_was_put_is_read(read: Callable[[str, bytes, bytes], list[Fact]], facts: list[Fact]) -> None:
    """All of it, a terminal's in the order in which it was put; with a number at least what has it."""
    found: dict[str, list[Fact]] = {}
    for _, start, chunk in plain_chunks_of(facts, 2**48):
        terminal = start[PREFIX_BYTES:].decode()
        found.setdefault(terminal, []).extend(read(terminal, chunk, b""))
        for fact in read(terminal, chunk, b""):
            assert fact in read(terminal, chunk, ledger_chunks.sized(fact[1]))
            assert fact in read(terminal, chunk, ledger_chunks.identity_of(fact))
    assert found == {terminal: [fact for fact in facts if fact[0] == terminal] for terminal in {f[0] for f in facts}}


@pytest.mark.parametrize("write", [chunks_of, plain_chunks_of])
def test_a_text_that_cannot_be_written_is_refused(write: Callable[[list[Fact], int], list[Chunk]]) -> None:
    """Its length has one byte."""
    fits, too_long = "7" * 255, "7" * 256
    assert write([("T", fits, NOW_MS, 0, 1, b"{}", (fits,))], BUCKET_MS)
    for fact in [("T", too_long, NOW_MS, 0, 1, b"{}", ()), ("T", "7", NOW_MS, 0, 1, b"{}", (too_long,))]:
        with pytest.raises(OverflowError):
            write([fact], BUCKET_MS)


def test_codes_of_fields_are_those_of_the_packed_legs() -> None:
    """They are written to disk: a change needs another format of the database."""
    text = (ROOT / "streams" / "core" / "packed_shape.pxi").read_text()
    begin = text.index("    EVENT_ID, KIND,")
    names = re.findall(r"\w+", text[begin : text.index(", EXTRA\n", begin)])
    assert [name.lower().encode() for name in names] == list(FIELDS)


def test_what_was_put_lately_is_known_until_its_generation_goes() -> None:
    """By number and by reference; what is known no longer lifts the floor."""
    ledger = CopiedLedger()
    lately = PutLately(ledger)
    lately.put([("T", "7", 50, 0, 1, b"{}", ("r",))])
    assert lately.has_after("T", "7", (49, 1, 9))
    assert lately.has_after("T", "r", (50, 0, 0))
    assert not lately.has_after("T", "7", (50, 0, 1))
    assert not lately.has_after("S", "7", (0, 0, 0))
    assert ledger.of_number("T", "7")
    for turn in (1, 2):
        lately.put([("T", f"{turn}-{number}", 60, 0, number, b"{}", ()) for number in range(MOST_NAMES + 1)])
    assert lately.floor == 60
    assert not lately.has_after("T", "7", (49, 1, 9))
