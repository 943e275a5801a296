"""Producers pack their batches as they like: both clients read every codec that Kafka has."""

from __future__ import annotations

import aiokafka.codec
import kafka.codec
import pytest

CODECS = ("gzip", "snappy", "lz4", "zstd")


@pytest.mark.parametrize("codec", CODECS)
def test_both_clients_read_what_the_other_packs(codec: str) -> None:
    """A batch that one client has packed is read by the other, in either direction."""
    plain = b"voucher 000042 " * 500
    for packs, reads in ((kafka.codec, aiokafka.codec), (aiokafka.codec, kafka.codec)):
        packed = getattr(packs, f"{codec}_encode")(plain)
        assert len(packed) < len(plain)
        assert bytes(getattr(reads, f"{codec}_decode")(packed)) == plain
