"""The partition that Kafka's default partitioner gives a key: murmur2, as in the Java client.

Source: the algorithm of Austin Appleby's MurmurHash2 with the seed that Apache Kafka fixes; the
test vectors of Kafka's own ``UtilsTest`` are in the tests.
"""

from __future__ import annotations

from typing import Final

_SEED: Final = 0x9747B28C
_MIX: Final = 0x5BD1E995
_SHIFT: Final = 24
_WORD: Final = 0xFFFFFFFF


def murmur2(key: bytes) -> int:
    """Return the 32-bit hash of a key as an unsigned integer."""
    length = len(key)
    digest = _SEED ^ length
    whole = length & ~3
    for start in range(0, whole, 4):
        word = int.from_bytes(key[start : start + 4], "little") * _MIX & _WORD
        word = (word ^ (word >> _SHIFT)) * _MIX & _WORD
        digest = (digest * _MIX & _WORD) ^ word
    rest = key[whole:]
    if rest:
        digest = (digest ^ int.from_bytes(rest, "little")) * _MIX & _WORD
    digest = (digest ^ (digest >> 13)) * _MIX & _WORD
    return digest ^ (digest >> 15)


def partition_of(key: bytes, partitions: int) -> int:
    """Return the partition number of a key among ``partitions``."""
    return (murmur2(key) & 0x7FFFFFFF) % partitions
