"""Who may post to the relay: a bearer token, or a signature over time and body."""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

WINDOW_MS: Final = 300_000
"""How far the time of a signature may lie from ours, before or after."""
TIME_HEADER: Final = "X-Voucherwatch-Timestamp"
SIGNATURE_HEADER: Final = "X-Voucherwatch-Signature"
_SECONDS: Final = re.compile(r"[0-9]{1,12}")


@dataclass(frozen=True, slots=True)
class Gate:
    """The secrets that open the webhook; without any of them it is open, which settings allow on loopback alone."""

    token: str | None = field(default=None, repr=False)
    signing_key: str | None = field(default=None, repr=False)

    def admits(self, headers: Mapping[str, str], body: bytes, now_ms: int) -> bool:
        """Tell whether a request may come in; all comparisons take the same time whatever is wrong."""
        if self.token is None and self.signing_key is None:
            return True
        return self._by_token(headers.get("Authorization", "")) or self._by_signature(headers, body, now_ms)

    def _by_token(self, said: str) -> bool:
        scheme, _, given = said.partition(" ")
        if self.token is None or scheme.lower() != "bearer":
            return False
        return hmac.compare_digest(_raw(given.strip()), self.token.encode())

    def _by_signature(self, headers: Mapping[str, str], body: bytes, now_ms: int) -> bool:
        said_at = headers.get(TIME_HEADER, "")
        if self.signing_key is None or _SECONDS.fullmatch(said_at) is None:
            return False
        right = hmac.compare_digest(
            _raw(headers.get(SIGNATURE_HEADER, "")), signature(self.signing_key, said_at, body).encode()
        )
        return right and abs(now_ms - int(said_at) * 1_000) <= WINDOW_MS


def _raw(said: str) -> bytes:
    """Return a header's bytes; what is no UTF-8 was decoded to surrogates."""
    return said.encode(errors="surrogateescape")


def signature(key: str, seconds: str, body: bytes) -> str:
    """Return ``sha256=`` and the HMAC-SHA256 in hex of the time (epoch seconds as sent), a dot and the body."""
    return "sha256=" + hmac.digest(key.encode(), f"{seconds}.".encode() + body, hashlib.sha256).hex()
