"""What went wrong on the way: told without the address, and whether the message may have arrived all the same."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from streams.relay.answers import Answer, Meaning
from streams.relay.notification import read_notification
from streams.relay.way_out import LARGEST_ANSWER, WayOut
from tests.integration.worker_process import free_port
from tests.unit.relay.payloads import MINUTE_MS, START_MS, alert, body

if TYPE_CHECKING:
    from collections.abc import Mapping

HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: "
FOUND = b'{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1,"%s"]}]}}'
NONE = b'{"status":"success","data":{"resultType":"vector","result":[]}}'


def answer(content: bytes) -> bytes:
    """Return a whole answer of HTTP."""
    return HEAD + str(len(content)).encode() + b"\r\n\r\n" + content


async def with_server(said: bytes | None, port: int) -> asyncio.Server:
    """Serve: read a request, say something and close; None says nothing and stays."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        if said is None:
            await asyncio.sleep(60)
        writer.write(said or b"")
        writer.close()

    return await asyncio.start_server(talk, "127.0.0.1", port)


def posted(said: bytes | None, *, timeout_ms: int = 5_000) -> tuple[int, bytes] | Answer:
    """Return what a post leads to where the server says this."""

    async def run() -> tuple[int, bytes] | Answer:
        port = free_port()
        server = await with_server(said, port)
        out = WayOut(timeout_ms, proxy=None, cafile=None, prometheus=None)
        try:
            return await out.post(f"http://127.0.0.1:{port}/hook?key=some-secret", b"{}")
        finally:
            await out.close()
            server.close()

    return asyncio.run(run())


def test_an_answer_is_returned_as_it_is() -> None:
    """Status and body, of which no more is read than a vendor ever says."""
    assert posted(answer(b'{"errcode":0}')) == (200, b'{"errcode":0}')
    long = posted(answer(b"x" * (LARGEST_ANSWER + 5)))
    assert long == (200, b"x" * LARGEST_ANSWER)


@pytest.mark.parametrize("said", [b"", HEAD + b"100\r\n\r\nshort", b"no HTTP at all\r\n\r\n"])
def test_a_lost_answer_leaves_a_doubt(said: bytes) -> None:
    """The request went out: the group may show the message."""
    got = posted(said)
    assert isinstance(got, Answer)
    assert (got.meaning, got.maybe_sent) == (Meaning.BUSY, True)
    assert "some-secret" not in repr(got)


def test_a_silent_vendor_leaves_a_doubt() -> None:
    """So does one that does not answer in time."""
    assert posted(None, timeout_ms=100) == Answer(Meaning.BUSY, "TimeoutError", maybe_sent=True)


@pytest.mark.parametrize(
    ("url", "meaning"),
    [
        ("http://127.0.0.1:{port}/x", Meaning.BUSY),
        ("https://[::1/x", Meaning.ROBOT),
        ("https://127.0.0.1:99999/x", Meaning.ROBOT),
        ("https://" + "a" * 80 + ".example.com/x", Meaning.ROBOT),
    ],
)
def test_what_was_not_sent_leaves_none(url: str, meaning: Meaning) -> None:
    """Nobody listens, or the address is none."""

    async def run() -> tuple[int, bytes] | Answer:
        out = WayOut(1_000, proxy=None, cafile=None, prometheus=None)
        try:
            return await out.post(url.replace("{port}", str(free_port())), b"{}")
        finally:
            await out.close()

    got = asyncio.run(run())
    assert isinstance(got, Answer)
    assert (got.meaning, got.maybe_sent) == (meaning, False)


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (FOUND % b"12", "12"),
        (FOUND % b"1234567.0", "1,234,567"),
        (FOUND % b"0.123456", "0.1235"),
        (FOUND % b"NaN", None),
        (FOUND % b"+Inf", None),
        (FOUND % b"what", None),
        (NONE, None),
        (b'{"status":"error","error":"parse"}', None),
        (b"<html>", None),
    ],
)
def test_the_value_of_now_is_shown_or_left_out(said: bytes, shown: str | None) -> None:
    """A recovery is told whatever Prometheus says, with a number as a person reads it."""
    over = alert(ended_ms=START_MS + MINUTE_MS, annotations={"value_query": "up"})
    both = read_notification(body(over, alert("B", annotations={"value_query": "up"})))

    async def run() -> Mapping[str, str]:
        port = free_port()
        server = await with_server(answer(said), port)
        out = WayOut(5_000, proxy=None, cafile=None, prometheus=f"http://127.0.0.1:{port}/")
        try:
            return await out.values(both)
        finally:
            await out.close()
            server.close()

    assert asyncio.run(run()) == ({} if shown is None else {"fp-OrphansMany": shown})
