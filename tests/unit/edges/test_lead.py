"""The lead of the worker's clock over log time."""

from __future__ import annotations

import pytest

from streams.edges.batch_driver.lead import ClockLead

T = 1_700_000_000_000


def lead_after(*seen: tuple[int, int, int | None]) -> int:
    """Return the lead after records of (received, log time, last seen at the end), all after T in ms."""
    lead = ClockLead()
    for received, log_time, at_end in seen:
        lead.observe(T + received, T + log_time, None if at_end is None else T + at_end)
    return lead.lead_ms


@pytest.mark.parametrize(
    ("seen", "lead_ms"),
    [
        ((), 0),
        (((5_000, 4_900, 4_000),), 100),
        (((5_000, 4_900, 4_000), (6_000, 5_980, 5_500)), 20),
        (((5_000, 5_400, 4_000),), 0),
        (((9_000_000, 0, None),), 0),
        (((40_000, 0, None),), 40_000),
        (((40_000, 0, None), (41_000, 40_950, 40_500)), 50),
        (((5_000, 4_000, 4_000), (5_000 + 11 * 60_000, 11 * 60_000, 4_000 + 11 * 60_000)), 5_000),
    ],
    ids=[
        "nothing measured",
        "one fresh record",
        "the smallest counts",
        "a clock behind leads by nothing",
        "an old record at the start says nothing",
        "a record of the last minute bounds the lead",
        "fresh beats bound",
        "after ten minutes a smaller difference is forgotten",
    ],
)
def test_lead(seen: tuple[tuple[int, int, int | None], ...], lead_ms: int) -> None:
    """Only records that came right after an end was seen are measured."""
    assert lead_after(*seen) == lead_ms
