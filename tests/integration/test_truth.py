"""A hundred thousand simulated events through a real Kafka and real workers: every hidden fault, and nothing else."""

from __future__ import annotations

import json
import re
import time
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

import pytest

from streams.core.wire import REASONS
from streams.simulator.faults import FAULTS
from streams.simulator.params import SimulationParams
from streams.simulator.score import score
from tests.contracts.test_vocabulary import passes_luhn
from tests.integration.truth_run import PARTITIONS, Out, TruthRun, judged_by_lanes, promised
from tests.integration.worker_process import WorkerProcess, until

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from streams.core.lane import RawRecord
    from tests.integration.kafka_broker import KafkaBroker

pytestmark = [pytest.mark.integration, pytest.mark.slow, pytest.mark.timeout(180)]

PARAMS: Final = SimulationParams(
    terminals=400, rate=14.0, duration_s=7_200.0, seed=20_260_302, scenario="faults", fit="settled"
)
"""Two hours: long enough for the latest of the late, with about three events a second in each lane."""
LEAST_EVENTS: Final = 100_000
WAIT_SECONDS: Final = 70.0
PASSED_SECONDS: Final = 120.0
"""A watermark that is no older than this has passed every window of the simulated day."""
CARD_RUN: Final = re.compile(r"(?<![0-9])[0-9]{13,19}(?![0-9])")
TIME_MS: Final = re.compile(r"1[0-9]{12}")
"""A time of the years 2001 to 2033; an idle rule of 3,000 days lets a lane start in 2018. Cards sent begin with 99."""
_NUMBERED: Final = {"id", "event_id", "terminal_id", "merchant_id", "rrn", "voucher_number", "batch_number"}
_TIMES: Final = {"event_time", "log_time", "opened_at", "resolved_at", "changed_at", "detected_at"}
EXEMPT: Final = _NUMBERED | _TIMES
"""Members with a format of their own: one in ten fifteen-digit merchant numbers passes Luhn by chance."""


@pytest.fixture
def workers() -> Iterator[list[WorkerProcess]]:
    """A place for workers; what is left in it at the end is killed."""
    started: list[WorkerProcess] = []
    yield started
    for worker in started:
        worker.kill()


def card_number(middle: str) -> str:
    """Return sixteen digits of no bank that pass Luhn."""
    return next(f"99{middle}{digit}" for digit in "0123456789" if passes_luhn(f"99{middle}{digit}"))


def shown(card: str) -> str:
    """Return a card number as it may be shown."""
    return f"{card[:6]}{'*' * (len(card) - 10)}{card[-4:]}"


def all_passed(workers: Iterable[WorkerProcess]) -> bool:
    """Tell whether every lane of all workers has passed every window."""
    lags = [lag for worker in workers for _, lag in worker.samples("watermark_lag_seconds")]
    return len(lags) == 2 * PARTITIONS and max(lags) < PASSED_SECONDS


def pages_then_stop(workers: Iterable[WorkerProcess]) -> str:
    """Return what all workers show on ``/metrics`` once all they said is acknowledged; then stop them in order."""
    until(lambda: not any(n for worker in workers for _, n in worker.samples("outputs_unacknowledged")), WAIT_SECONDS)
    pages = [worker.get("/metrics")[1] for worker in workers]
    assert [worker.stop() for worker in workers] == [0] * len(pages)
    return "\n".join(pages)


def hand_made(at_ms: int, now_ms: int) -> tuple[list[tuple[int, int, bytes, bytes]], list[tuple[str, bytes]]]:
    """Return records that the simulator does not send, and the reason and bytes of their dead letters.

    Card numbers in what does not decode, once in escapes; a merchant number that passes Luhn beside one;
    and a record from the future, which comes last: nothing of its partition is younger.
    """
    one, two, three = card_number("0417000012345"), card_number("1234560000078"), card_number("4444000011112")
    merchant = next(f"80000000000{number:04d}" for number in range(20) if passes_luhn(f"80000000000{number:04d}"))
    escaped = "".join(f"\\u003{digit}" for digit in two)
    unknown = (
        b'{"event_id":"by-hand-1","kind":"cashback","event_time":%d,"terminal_id":"T9","merchant_id":"%b","note":"%b"}'
    )
    future = b'{"event_id":"by-hand-2","kind":"status","event_time":1,"terminal_id":"T9","merchant_id":"M1"}'
    records = [
        (0, at_ms, b"T9", f'{{"card":"{one}","event_id":"by-ha'.encode()),
        (1, at_ms, b"T9", f'["{escaped}",{three}]'.encode()),
        (1, at_ms, b"T9", unknown % (at_ms, merchant.encode(), three.encode())),
        (0, now_ms + 600_000, b"T9", future),
    ]
    letters = [
        ("malformed", f'{{"card":"{shown(one)}","event_id":"by-ha'.encode()),
        ("not_an_object", f'["{shown(two)}",{shown(three)}]'.encode()),
        ("unknown_kind", unknown % (at_ms, merchant.encode(), shown(three).encode())),
        ("future_timestamp", future),
    ]
    return records, letters


def assert_every_fault_once(out: Out, truth: Iterable[Mapping[str, Any]]) -> None:
    """Every anomaly of the truth is there once, as expected, and no other one."""
    result = score(out.newest.values(), truth)
    assert result.perfect, (result.missed[:3], result.false[:3], result.differing[:3])
    assert len(set(out.revisions)) == len(out.revisions), "without a crash nothing is said twice"


def assert_dead_letters(
    out: Out,
    truth: Iterable[Mapping[str, Any]],
    inputs: Mapping[tuple[str, int], list[RawRecord]],
    topics: tuple[str, str],
    by_hand: Mapping[tuple[str, int, int], tuple[str, bytes]],
) -> None:
    """Each bad record became one dead letter that leads back to it, its bytes untouched but for masked runs."""
    sources = dict(zip(topics, ("terminal", "host"), strict=True))
    wanted = Counter((line["source"], line["reason"]) for line in truth if "reason" in line)
    wanted.update((sources[place[0]], reason) for place, (reason, _) in by_hand.items())
    assert Counter((sources[said["source-topic"]], said["reason"]) for _, _, said in out.letters) == wanted
    seen = set()
    for key, value, said in out.letters:
        place = said["source-topic"], int(said["source-partition"]), int(said["source-offset"])
        seen.add(place)
        offset, timestamp, sent_key, sent = inputs[place[:2]][place[2]]
        assert (offset, str(timestamp), sent_key) == (place[2], said["source-timestamp"], key)
        assert said["detail"]
        reason, expected = by_hand.get(place, (said["reason"], sent or b""))
        assert said["reason"] == reason
        assert value == expected or value.decode(errors="replace") == with_cards_masked(expected), said
    assert len(seen) == len(out.letters)
    assert seen >= by_hand.keys()


def with_cards_masked(value: bytes) -> str:
    """Return the text of a record in which every digit run that passes the card test shows ten digits at most."""

    def hide(match: re.Match[str]) -> str:
        return shown(match.group()) if passes_luhn(match.group()) else match.group()

    return CARD_RUN.sub(hide, value.decode(errors="replace"))


def assert_no_card(out: Out, inputs: Mapping[tuple[str, int], list[RawRecord]], texts: Iterable[str]) -> None:
    """No card number that was sent appears anywhere, and nothing that could be one."""
    cards = set(sent_cards(record[3] for log in inputs.values() for record in log))
    assert len(cards) > 50
    keys = [(key or b"").decode() for key, _, _ in out.raw]
    outputs = [
        part.decode(errors="replace")
        for _, value, headers in out.raw
        for part in (value or b"", *(header for _, header in headers))
    ]
    for text in (*keys, *outputs, *texts):
        assert not cards.intersection(CARD_RUN.findall(text))
    # Keys are ids in hexadecimal, which have any run of digits.
    unseen = [run for text in outputs for run in runs_outside_exempt(text)]
    # The values of samples are measurements with many decimals; times in milliseconds have thirteen digits.
    unseen += [run for text in texts for line in text.splitlines() for run in CARD_RUN.findall(line.rsplit(" ", 1)[0])]
    assert [run for run in unseen if passes_luhn(run) and not TIME_MS.fullmatch(run)] == []


def sent_cards(values: Iterable[bytes | None]) -> Iterator[str]:
    """Yield the card numbers in the records that were sent, all of which begin with 99."""
    for value in values:
        text = re.sub(r"\\u003([0-9])", r"\1", (value or b"").decode(errors="replace"))
        yield from (run for run in CARD_RUN.findall(text) if run.startswith("99") and passes_luhn(run))


def runs_outside_exempt(text: str) -> Iterator[str]:
    """Yield the runs of 13 to 19 digits of one output record, members with a format of their own left out."""
    try:
        tree = json.loads(text)
    except ValueError:
        yield from CARD_RUN.findall(text)
        return
    todo = [tree]
    while todo:
        node = todo.pop()
        if isinstance(node, dict) and node.get("field") in EXEMPT:
            continue  # a differing field shows both sides' values under names of their own
        if isinstance(node, dict):
            todo.extend(item for name, item in node.items() if name not in EXEMPT or isinstance(item, dict | list))
        elif isinstance(node, list):
            todo.extend(node)
        else:
            yield from CARD_RUN.findall(str(node))


def finish(worker: WorkerProcess, records: int) -> str:
    """Wait until a worker has handled all records and passed all windows; stop it and return its ``/metrics``."""
    until(lambda: worker.handled() == records, WAIT_SECONDS)
    until(lambda: all_passed([worker]), WAIT_SECONDS)
    assert not sum(count for _, count in worker.samples("behind_watermark_total"))
    return pages_then_stop([worker])


def test_one_worker_finds_every_fault_once(kafka: KafkaBroker, tmp_path: Path, workers: list[WorkerProcess]) -> None:
    """One worker on a full log: all faults, all dead letters, no card; and the same answer again, and of plain lanes.

    The second worker reads as most do, where the brokers set the times: no record can be of the future then.
    """
    run = TruthRun(kafka.bootstrap_servers, tmp_path, "truth-of-one")
    summary, truth = run.simulate(PARAMS)
    assert set(summary.faults) == set(FAULTS)
    assert sum(summary.events.values()) >= LEAST_EVENTS
    now_ms = int(time.time() * 1_000)
    records, letters = hand_made(PARAMS.end_ms + 3_600_000, now_ms)
    by_hand = dict(zip(run.send(records), letters, strict=True))
    workers.append(WorkerProcess(run.folder, run.document))
    page = finish(workers[0], summary.records + len(records))
    out, inputs = run.read_outputs(), run.read_inputs()
    assert_every_fault_once(out, truth)
    assert_dead_letters(out, truth, inputs, run.inputs, by_hand)
    assert {said["reason"] for _, _, said in out.letters} == set(REASONS) - {"iso8583"}
    assert_no_card(out, inputs, (page, workers[0].log.read_text()))
    assert any(passes_luhn(anomaly["voucher"]["merchant_id"].strip()) for anomaly in out.newest.values())

    plain = judged_by_lanes(inputs, run.settings, int(time.time() * 1_000), slices=(777, 5_000))
    assert promised(out.newest) == promised(plain)
    usual = run.again("truth-again")
    workers.append(WorkerProcess(run.folder, usual.document, "again"))
    finish(workers[1], summary.records + len(records))
    again = usual.read_outputs()
    assert promised(again.newest) == promised(plain)
    assert len(again.letters) == len(out.letters) - 1


def test_two_workers_find_every_fault_once(kafka: KafkaBroker, tmp_path: Path, workers: list[WorkerProcess]) -> None:
    """Two workers share the lanes and read while the day is sent: the same faults, each once."""
    # The day lies months back, so an idle moment while it is sent must prove nothing; heartbeats end it instead.
    run = TruthRun(kafka.bootstrap_servers, tmp_path, "truth-of-two", idle_lateness="3000d")
    workers += [WorkerProcess(run.folder, run.document, f"worker-{number}") for number in (1, 2)]
    until(lambda: [worker.lanes() for worker in workers] == [PARTITIONS // 2] * 2, WAIT_SECONDS)
    summary, truth = run.simulate(PARAMS)
    run.pass_deadlines(int(time.time() * 1_000))
    until(lambda: all_passed(workers), WAIT_SECONDS)
    handled = [worker.handled() for worker in workers]
    assert sum(handled) == summary.records + 2 * PARTITIONS
    assert min(handled) > LEAST_EVENTS // 5
    page = pages_then_stop(workers)

    out, inputs = run.read_outputs(), run.read_inputs()
    assert_every_fault_once(out, truth)
    assert_dead_letters(out, truth, inputs, run.inputs, {})
    assert_no_card(out, inputs, (page, *(worker.log.read_text() for worker in workers)))
    plain = judged_by_lanes(inputs, run.settings, int(time.time() * 1_000), slices=(100_000, 300))
    assert promised(out.newest) == promised(plain)
