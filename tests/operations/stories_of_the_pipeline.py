"""Stories about the workers, what they read and what they judge."""

from __future__ import annotations

from typing import Final

from tests.operations.healthy import PARTITIONS, SOURCES, healthy, without_scrapes
from tests.operations.stories_of_kinds import QUIET
from tests.operations.story import Story, count, fires, level, selector

UP: Final = selector("up")
FETCHED: Final = selector("voucherwatch_fetch_events_sum")
FAILED: Final = selector("voucherwatch_commits_total", result="failed")
COMMITTED: Final = selector("voucherwatch_commits_total", result="ok")
STARTED: Final = selector("process_start_time_seconds")
REJECTED: Final = selector("voucherwatch_events_rejected_total", source="host", reason="malformed")
LAG: Final = selector("voucherwatch_consumer_lag_seconds", source="host")


def per_lane(metric: str, values: str, partitions: tuple[str, ...] = PARTITIONS) -> dict[str, str]:
    """Return the same values for both sources of these lanes."""
    return {selector(metric, source=source, partition=lane): values for source in SOURCES for lane in partitions}


def events(values: str) -> dict[str, str]:
    """Return the same number of events for both sources."""
    return {
        selector("voucherwatch_events_total", source=source, kind="sale", outcome="approved"): values
        for source in SOURCES
    }


def second(series: dict[str, str]) -> dict[str, str]:
    """Return what a second worker shows beside the first one: it runs, and has no lane."""
    return series | {'up{instance="worker-2:6066",job="voucherwatch"}': level((40, 1))}


RUNNING: Final = [
    Story(
        "the only worker dies: the alert about one of several comes with it, and nothing else",
        without_scrapes(healthy(40), 10, 10),
        firing={
            "10m": QUIET,
            "11m": fires("Down", "critical"),
            "12m": fires("Down", "critical") | fires("WorkerDown", "warning"),
            "21m": fires("Down", "critical") | fires("WorkerDown", "warning"),  # until the lanes are rebuilt
            "23m": fires("WorkerDown", "warning"),
            "30m": QUIET,
        },
    ),
    Story(
        "a worker is started again within a minute",
        without_scrapes(healthy(30), 10, 1),
        firing={f"{minute}m": QUIET for minute in (10, 11, 12, 20)},
    ),
    Story(
        "one of two workers dies and the other one reads all lanes",
        second(healthy(40)) | {'up{instance="worker-2:6066",job="voucherwatch"}': level((10, 1), (5, 0), (25, 1))},
        firing={"11m": QUIET, "12m": fires("WorkerDown", "warning"), "25m": QUIET},
    ),
    Story(
        "the workers are lost from the scrape configuration",
        {
            name: values
            if "worker" not in name
            else " ".join([*values.split()[:10], "stale", *["_"] * 9, *values.split()[20:]])
            for name, values in healthy(40).items()
        },
        firing={"14m": QUIET, "15m": fires("Absent", "critical"), "30m": QUIET},
    ),
    Story(
        "a release is one start, three starts are a fault",
        healthy(40, changed={STARTED: level((3, 1), (2, 2), (8, 3), (3, 4), (24, 5))}),
        firing={"24m": QUIET, "26m": fires("Restarting", "warning"), "78m": QUIET},
        step="2m",
        evaluation="2m",
    ),
    Story(
        "two starts in half an hour, then two more",
        healthy(40, changed={STARTED: level((3, 1), (2, 2), (16, 3), (3, 4), (16, 5))}),
        firing={"12m": QUIET, "44m": QUIET, "60m": QUIET},
        step="2m",
        evaluation="2m",
    ),
    Story(
        "ten assignments within an hour go on",
        healthy(32, changed={selector("voucherwatch_rebalances_total"): count((3, 0), (5, 2), (24, 0))}),
        firing={"30m": QUIET, "45m": fires("Rebalancing", "warning"), "150m": QUIET},
        step="5m",
        evaluation="5m",
    ),
    Story(
        "a rolling release assigns eight times",
        healthy(16, changed={selector("voucherwatch_rebalances_total"): count((3, 0), (4, 2), (9, 0))}),
        firing={"35m": QUIET, "60m": QUIET},
        step="5m",
        evaluation="5m",
    ),
]

READING: Final = [
    Story(
        "no broker answers: nothing is at its end and nothing comes",
        healthy(
            40,
            changed={
                **per_lane("voucherwatch_caught_up", level((10, 1), (10, 0), (20, 1))),
                **per_lane("voucherwatch_watermark_lag_seconds", level((10, 1.5), (2, 60), (8, 150), (20, 1.5))),
                FETCHED: count((10, 1_200), (10, 0), (20, 1_200)),
            },
        ),
        firing={"13m": QUIET, "15m": fires("ReadsNothing", "critical"), "30m": QUIET},
    ),
    Story(
        "under load nothing is at its end, at night nothing comes",
        healthy(40, changed=per_lane("voucherwatch_caught_up", level((40, 0)))),
        firing={"20m": QUIET, "39m": QUIET},
    ),
    Story(
        "no worker has a lane",
        healthy(
            40,
            changed=per_lane("voucherwatch_caught_up", " ".join([*["1"] * 10, "stale", *["_"] * 9, *["1"] * 20])),
        ),
        firing={"12m": QUIET, "13m": fires("ReadsNothing", "critical"), "30m": QUIET},
    ),
    Story(
        "one of two lanes is read by nobody",
        healthy(
            90,
            changed=per_lane(
                "voucherwatch_caught_up", " ".join([*["1"] * 10, "stale", *["_"] * 19, *["1"] * 60]), ("1",)
            ),
        ),
        firing={"14m": QUIET, "15m": fires("LanesUnread", "critical"), "36m": QUIET},
    ),
    Story(
        "a move to half the lanes ends by itself",
        healthy(
            90,
            changed=per_lane("voucherwatch_caught_up", " ".join([*["1"] * 10, "stale", *["_"] * 79]), ("1",)),
        ),
        firing={"20m": fires("LanesUnread", "critical"), "85m": QUIET},
    ),
    Story(
        "a partition without leader stops the judging of its lane while the other source is read on",
        healthy(
            60,
            changed={
                selector("voucherwatch_watermark_lag_seconds", source="host", partition="1"): " ".join(
                    f"{max(1.5, 60 * (minute - 10)) if minute <= 30 else 1.5:g}" for minute in range(60)
                )
            },
        ),
        firing={"17m": QUIET, "20m": fires("WatermarkStuck", "critical"), "45m": QUIET},
    ),
    Story(
        "a lane that judges half as fast as records come falls behind and does not stand still",
        healthy(
            40,
            changed=per_lane(
                "voucherwatch_watermark_lag_seconds", " ".join(f"{1.5 + 30 * minute:g}" for minute in range(40))
            ),
        ),
        firing={"15m": QUIET, "39m": QUIET},
    ),
    Story(
        "a lane that catches up from an hour behind does not stand still",
        healthy(
            60,
            changed=per_lane(
                "voucherwatch_watermark_lag_seconds",
                " ".join(f"{max(1.5, 3_600 - 120 * minute):g}" for minute in range(60)),
            ),
        ),
        firing={"10m": QUIET, "25m": QUIET},
    ),
    Story(
        "reading is a minute late and does not catch up, then ten minutes",
        healthy(80, changed={LAG: level((10, 0), (15, 61), (15, 601), (40, 0))}),
        firing={
            "14m": QUIET,
            "15m": fires("Lagging", "warning"),
            "30m": fires("Lagging", "warning") | fires("Lagging", "critical"),
            "60m": QUIET,
        },
    ),
    Story(
        "a minute late is not yet late, and an hour late that shrinks is a worker that catches up",
        healthy(
            60,
            changed={
                LAG: level((60, 60)),
                selector("voucherwatch_consumer_lag_seconds", source="terminal"): " ".join(
                    f"{max(0, 3_600 - 40 * minute)}" for minute in range(60)
                ),
            },
        ),
        firing={"10m": QUIET, "30m": QUIET, "50m": QUIET},
    ),
]

WEEK: Final = 7 * 24 * 6
"""Steps of ten minutes."""
LANE: Final = {selector("voucherwatch_caught_up", source="host", partition="0"): level((WEEK + 30, 1))}
SILENCE: Final = [
    Story(
        "nothing comes where a week ago a thousand events came, and it ends with the first ones",
        {UP: level((WEEK + 30, 1)), **LANE, **events(count((WEEK, 1_000), (12, 0), (18, 1_000)))},
        firing={
            f"{10 * WEEK + 40}m": QUIET,
            f"{10 * WEEK + 60}m": fires("BothFeedsSilent", "warning"),
            f"{10 * WEEK + 180}m": QUIET,
        },
        step="10m",
        evaluation="20m",
        files=("pipeline.yml",),
    ),
    Story(
        "nothing came at this hour a week ago either",
        {UP: level((WEEK + 30, 1)), **LANE, **events(count((12, 0), (WEEK - 12, 1_000), (12, 0), (18, 1_000)))},
        firing={f"{10 * WEEK + 60}m": QUIET, f"{10 * WEEK + 90}m": QUIET},
        step="10m",
        evaluation="30m",
        files=("pipeline.yml",),
    ),
]

JUDGING: Final = [
    Story(
        "ten commits fail among others, then all fail",
        healthy(
            80,
            changed={
                FAILED: count((10, 0), (5, 2), (10, 0), (10, 6), (45, 0)),
                COMMITTED: count((14, 60), (21, 0), (45, 60)),
            },
        ),
        firing={
            "14m": QUIET,
            "17m": fires("CommitsFailing", "warning"),
            "34m": fires("CommitsFailing", "warning") | fires("CommitsFailing", "critical"),
            "70m": QUIET,
        },
    ),
    Story(
        "a rebalance fails a few commits, and a quiet lane commits nothing",
        healthy(40, changed={FAILED: count((10, 0), (9, 1), (21, 0)), COMMITTED: count((20, 60), (20, 0))}),
        firing={"20m": QUIET, "39m": QUIET},
    ),
    Story(
        "one verdict was made blind",
        healthy(
            60,
            changed={
                selector("voucherwatch_anomalies_held_total", kind="orphan_host"): count((10, 0), (1, 1), (49, 0))
            },
        ),
        firing={"11m": QUIET, "12m": fires("HeldVerdicts", "warning"), "40m": QUIET},
    ),
    Story(
        "a lane fills up to its limit, and is emptied",
        healthy(
            60,
            changed={
                selector("voucherwatch_limit_used_ratio", limit="max_pending"): level(
                    (10, 0.8), (10, 0.81), (10, 0.99), (30, 0.1)
                ),
                selector("voucherwatch_limit_used_ratio", limit="max_waiting"): level((60, 1)),
            },
        ),
        firing={
            "14m": QUIET,
            "15m": fires("LimitNear", "warning"),
            "20m": fires("LimitNear", "warning"),
            "22m": fires("LimitNear", "warning") | fires("LimitNear", "critical"),
            "40m": QUIET,
        },
    ),
    Story(
        "the brokers take no outputs: half of what may wait waits for five minutes",
        healthy(
            40,
            changed={selector("voucherwatch_outputs_unacknowledged"): level((10, 10_000), (10, 10_001), (20, 0))},
        ),
        firing={"14m": QUIET, "15m": fires("OutputsWaiting", "warning"), "30m": QUIET},
    ),
    Story(
        "one record came behind the watermark",
        healthy(
            60,
            changed={selector("voucherwatch_behind_watermark_total", source="host"): count((10, 0), (1, 1), (49, 0))},
        ),
        firing={"11m": QUIET, "12m": fires("BehindWatermark", "warning"), "40m": QUIET},
    ),
]

FEEDS: Final = [
    Story(
        "two records in a hundred cannot be read, then half of them",
        healthy(80, changed={REJECTED: count((10, 0), (15, 12), (10, 600), (45, 0))}),
        firing={
            "11m": QUIET,
            "14m": QUIET,
            "20m": fires("DeadLetters", "warning"),
            "33m": fires("DeadLetters", "warning") | fires("DeadLetters", "critical"),
            "60m": QUIET,
        },
    ),
    Story(
        "nine bad records of a quiet night, and one in two hundred of a busy day",
        healthy(
            40,
            vouchers=1,
            changed={
                REJECTED: count((10, 0), (9, 1), (21, 0)),
                selector("voucherwatch_events_total", source="terminal", kind="sale", outcome="approved"): count(
                    (40, 6_000)
                ),
                selector("voucherwatch_events_rejected_total", source="terminal", reason="malformed"): count((40, 30)),
            },
        ),
        firing={"19m": QUIET, "39m": QUIET},
    ),
    Story(
        "one card number in clear",
        healthy(
            28,
            changed={
                selector("voucherwatch_card_in_clear_total", source="terminal", field="card"): count(
                    (3, 0), (1, 1), (24, 0)
                )
            },
        ),
        firing={"20m": QUIET, "25m": fires("CardInClear", "warning"), "100m": QUIET},
        step="5m",
        evaluation="5m",
    ),
    Story(
        "ten unknown codes and ten ids used twice within an hour",
        healthy(
            28,
            changed={
                selector(f"voucherwatch_{name}_total", source="host"): count((3, 0), (5, 2), (20, 0))
                for name in ("response_codes_unmapped", "event_ids_reused")
            },
        ),
        step="5m",
        evaluation="5m",
        firing={
            "35m": QUIET,
            "50m": fires("ResponseCodesUnmapped", "info") | fires("EventIdsReused", "info"),
            "110m": QUIET,
        },
    ),
    Story(
        "nine of each are not told",
        healthy(
            16,
            changed={
                selector(f"voucherwatch_{name}_total", source="host"): count((3, 0), (3, 3), (10, 0))
                for name in ("response_codes_unmapped", "event_ids_reused")
            },
        ),
        firing={"25m": QUIET, "60m": QUIET},
        step="5m",
        evaluation="5m",
    ),
]

STORIES: Final = [*RUNNING, *READING, *SILENCE, *JUDGING, *FEEDS]
