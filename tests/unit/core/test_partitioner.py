"""The partitioner gives a key the partition that Kafka's own clients give it."""

from __future__ import annotations

import pytest

from streams.core.partitioner import murmur2, partition_of

KAFKA_VECTORS = {
    b"21": -973932308,
    b"foobar": -790332482,
    b"a-little-bit-long-string": -985981536,
    b"a-little-bit-longer-string": -1486304829,
    b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8": -58897971,
    b"abc": 479470107,
}
"""The vectors of Apache Kafka's ``UtilsTest``: key -> signed 32-bit hash."""


@pytest.mark.parametrize("key", KAFKA_VECTORS)
def test_kafkas_own_vectors(key: bytes) -> None:
    """Every remainder of a division by four is among them."""
    assert murmur2(key) == KAFKA_VECTORS[key] % 2**32


def test_the_sign_is_cut_off_before_the_division() -> None:
    """As the Java client does it: the hash without its sign, modulo the count."""
    assert partition_of(b"21", 4) == (-973932308 & 0x7FFFFFFF) % 4
    assert {partition_of(str(key).encode(), 1) for key in range(50)} == {0}
    assert {partition_of(str(key).encode(), 4) for key in range(200)} == {0, 1, 2, 3}
    assert murmur2(b"") < 2**32
