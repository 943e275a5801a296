"""The way out: requests to the vendors, to Prometheus and to Alertmanager; no address ever reaches a log."""

from __future__ import annotations

import asyncio
import math
import ssl
from typing import TYPE_CHECKING, Final

import aiohttp
import msgspec

from streams.relay.answers import Answer, Meaning
from streams.relay.vendors import HEADERS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from streams.relay.notification import Notification

LARGEST_ANSWER: Final = 64 * 1_024
MOST_VALUES: Final = 5
VALUE_SECONDS: Final = 3.0
"""A recovery message waits this long for Prometheus; then it goes without the value of now."""


class WayOut:
    """One session for all requests; certificates are always checked, redirections never followed."""

    def __init__(self, timeout_ms: int, *, proxy: str | None, cafile: Path | None, prometheus: str | None) -> None:
        """Take the limits; ``proxy`` stands for robots alone, and without one HTTPS_PROXY and NO_PROXY are followed."""
        self._proxy = proxy
        self._prometheus = prometheus
        # aiohttp takes True for its own context, which checks certificates and host names.
        self._tls = ssl.create_default_context(cafile=str(cafile)) if cafile is not None else True
        self._session = aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=timeout_ms / 1_000), trust_env=True, cookie_jar=aiohttp.DummyCookieJar()
        )

    async def close(self) -> None:
        """Close all connections."""
        await self._session.close()

    async def post(self, url: str, body: bytes) -> tuple[int, bytes] | Answer:
        """Post to a robot and return status and body, or what went wrong without its address."""
        try:
            async with self._session.post(
                url, data=body, headers=HEADERS, proxy=self._proxy, ssl=self._tls, allow_redirects=False
            ) as answer:
                return answer.status, await _beginning(answer)
        except (aiohttp.ClientConnectorError, aiohttp.ClientHttpProxyError) as error:
            # Nothing was sent.  Only the kind of error is told: its text may hold the address.
            return Answer(Meaning.BUSY, type(error).__name__)
        except ValueError as error:
            # An address that is none, however it looked: a person has to mend it.
            return Answer(Meaning.ROBOT, type(error).__name__)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            return Answer(Meaning.BUSY, type(error).__name__, maybe_sent=True)

    async def post_alerts(self, peer: str, alerts: bytes) -> bool:
        """Post alerts to one Alertmanager and tell whether it took them."""
        try:
            async with self._session.post(
                f"{peer.rstrip('/')}/api/v2/alerts", data=alerts, headers=HEADERS, allow_redirects=False
            ) as answer:
                return answer.status == 200  # noqa: PLR2004  what Alertmanager says
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError):
            return False

    async def values(self, notification: Notification) -> Mapping[str, str]:
        """Return fingerprint -> value now of the resolved alerts that name a ``value_query``."""
        asked = {
            alert.fingerprint: alert.annotations["value_query"]
            for alert in notification.alerts
            if alert.resolved and alert.annotations.get("value_query")
        }
        if self._prometheus is None or not asked:
            return {}
        few = list(asked.items())[:MOST_VALUES]
        found = await asyncio.gather(*(self._value(query) for _, query in few))
        return {fingerprint: value for (fingerprint, _), value in zip(few, found, strict=True) if value}

    async def _value(self, query: str) -> str:
        """Return the value of the first series of an instant query, empty where there is none."""
        try:
            async with self._session.get(
                f"{(self._prometheus or '').rstrip('/')}/api/v1/query",
                params={"query": query},
                timeout=aiohttp.ClientTimeout(total=VALUE_SECONDS),
                allow_redirects=False,
            ) as answer:
                read = msgspec.json.decode(await _beginning(answer), type=_Queried)
                return _first(read.data.result)
        except (aiohttp.ClientError, TimeoutError, OSError, msgspec.MsgspecError, ValueError):
            return ""


async def _beginning(answer: aiohttp.ClientResponse) -> bytes:
    """Return the body, at most ``LARGEST_ANSWER`` bytes of it."""
    body = bytearray()
    while len(body) < LARGEST_ANSWER and (chunk := await answer.content.read(LARGEST_ANSWER - len(body))):
        body += chunk
    return bytes(body)


class _Series(msgspec.Struct):
    value: tuple[float, str]


class _Result(msgspec.Struct):
    result: list[_Series]


class _Queried(msgspec.Struct):
    data: _Result


def _first(series: Sequence[_Series]) -> str:
    """Return a number as a person reads it: whole, or with four digits that count."""
    if not series:
        return ""
    number = float(series[0].value[1])
    if not math.isfinite(number):
        return ""
    return f"{number:,.0f}" if number == round(number) else f"{number:.4g}"
