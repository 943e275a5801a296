"""quixstreams with ``join_interval(how="outer")``, its own answer to joining two topics in time.

The join looks records up by message key alone, and topics are keyed by terminal.  The manual's way to another key is
``group_by``, which sends every record through one more topic.  With ``PEER_REKEYED=1`` the voucher is put into the key
while a record is decoded instead, since all legs of a terminal already lie in one partition: faster, by private parts.

The join emits a leg without partner at once and says nothing when the partner has come, so orphans would have to be
told from legs that were early; no operator of it does that.  What is counted as an orphan here was emitted alone.

To join in the order of time it reads up to 10,000 records of each partition ahead, so its time is taken from the first
record read.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import orjson
from quixstreams import Application
from quixstreams.models.rows import Row
from quixstreams.models.serializers import BytesDeserializer, BytesSerializer
from quixstreams.models.topics import Topic

from benchmarks.peers.pairing import leg_of
from benchmarks.peers.progress import Progress, asked, keep_telling

if TYPE_CHECKING:
    from quixstreams.dataframe import StreamingDataFrame

TASK = asked()
PROGRESS = Progress()
GRACE_MS: Final = 5 * TASK.window_ms
COMMIT_EVERY_S: Final = 5.0
REKEYED: Final = os.environ.get("PEER_REKEYED") == "1"

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


def _handled(topic: str, _partition: int, _offset: int) -> None:
    # What is regrouped comes by twice; a record without a voucher only once.
    PROGRESS.handled += REKEYED or topic not in (TASK.terminal, TASK.host)


def _rekeyed(app: Application) -> list[StreamingDataFrame]:
    """Return both topics with the voucher as the key, without a topic in between."""
    plain = {"value_deserializer": BytesDeserializer(), "key_deserializer": BytesDeserializer()}
    frames = [
        app.dataframe(app._topic_manager.register(VoucherTopic(name, **plain)))  # noqa: SLF001  no public way
        for name in (TASK.terminal, TASK.host)
    ]
    return [frame[frame.apply(lambda value: value is not None)] for frame in frames]


def _leg(value: bytes) -> dict[str, Any] | None:
    PROGRESS.read += 1
    leg = leg_of(value)
    PROGRESS.handled += leg is None
    return None if leg is None else {"voucher": "|".join(map(str, leg.key)), "amount": leg.amount}


def _grouped(app: Application) -> list[StreamingDataFrame]:
    """Return both topics regrouped by voucher, as the manual has it."""
    frames = []
    for name in (TASK.terminal, TASK.host):
        topic = app.topic(name, value_deserializer=BytesDeserializer(), key_deserializer=BytesDeserializer())
        legs = app.dataframe(topic).apply(_leg)
        frames.append(legs.filter(lambda leg: leg is not None).group_by("voucher"))
    return frames


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
    terminal, host = (_rekeyed if REKEYED else _grouped)(app)
    out = app.topic(TASK.orphans, value_serializer=BytesSerializer(), key_serializer=BytesSerializer())
    joined = terminal.join_interval(
        host,
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
