"""quixstreams with ``join_interval(how="outer")``, its own answer to joining two topics in time.

The join looks records up by message key alone.  Topics are keyed by terminal, and all legs of a terminal already lie
in one partition, so the voucher is put into the key while a record is decoded: that spares the topic in between
that ``group_by`` would write and read again.

The join emits a leg without partner at once and says nothing when the partner has come, so orphans would have to be
told from legs that were early; no operator of it does that.  What is counted as an orphan here was emitted alone.

To join in the order of time it reads up to 10,000 records of each partition ahead, so its time is taken from the first
record read.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import orjson
from quixstreams import Application
from quixstreams.models.rows import Row
from quixstreams.models.serializers import BytesDeserializer, BytesSerializer
from quixstreams.models.topics import Topic

from benchmarks.peers.pairing import leg_of
from benchmarks.peers.progress import Progress, asked, keep_telling

TASK = asked()
PROGRESS = Progress()
GRACE_MS: Final = 5 * TASK.window_ms
COMMIT_EVERY_S: Final = 5.0

Pair = tuple[Any, Any]


class VoucherTopic(Topic):  # type: ignore[misc]  # quixstreams is not installed where types are checked
    """A topic whose rows carry the voucher as their key and the amount as their value."""

    def row_deserialize(self, message: Any) -> Row | None:  # noqa: ANN401  a message of librdkafka
        """Return the row of a record; a record without a voucher has no key and is filtered out."""
        PROGRESS.read += 1
        row = super().row_deserialize(message)
        assert isinstance(row, Row)  # noqa: S101  one row for each record with this deserializer
        leg = leg_of(row.value)
        row.key = None if leg is None else "|".join(map(str, leg.key)).encode()
        row.value = None if leg is None else {"amount": leg.amount}
        return row


def _count(pair: Pair) -> bool:
    """Count one emission and tell whether it is a leg without partner."""
    terminal, host = pair
    if terminal is None:
        PROGRESS.orphans_host += 1
        return True
    if host is None:
        PROGRESS.orphans_terminal += 1
        return True
    PROGRESS.pairs += 1
    PROGRESS.mismatched += terminal["amount"] != host["amount"]
    return False


def _handled(_topic: str, _partition: int, _offset: int) -> None:
    PROGRESS.handled += 1


def main() -> None:
    """Join until stopped."""
    app = Application(
        broker_address=TASK.servers,
        consumer_group=TASK.group,
        auto_offset_reset="earliest",
        commit_interval=COMMIT_EVERY_S,
        state_dir=Path(TASK.folder) / "state",
        on_message_processed=_handled,
        loglevel="WARNING",
        consumer_extra_config={"queued.min.messages": 20_000},
        producer_extra_config={"linger.ms": 20},
    )
    plain = {"value_deserializer": BytesDeserializer(), "key_deserializer": BytesDeserializer()}
    terminal, host = (
        app.dataframe(app._topic_manager.register(VoucherTopic(name, **plain)))  # noqa: SLF001  no public way
        for name in (TASK.terminal, TASK.host)
    )
    out = app.topic(TASK.orphans, value_serializer=BytesSerializer(), key_serializer=BytesSerializer())
    joined = terminal[terminal.apply(lambda value: value is not None)].join_interval(
        host[host.apply(lambda value: value is not None)],
        how="outer",
        on_merge=lambda left, right: (left, right),
        grace_ms=GRACE_MS,
        backward_ms=TASK.window_ms,
        forward_ms=TASK.window_ms,
    )
    joined.filter(_count).apply(orjson.dumps).to_topic(out)
    keep_telling(PROGRESS)
    app.run()


if __name__ == "__main__":
    main()
