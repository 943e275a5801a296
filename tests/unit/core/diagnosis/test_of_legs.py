"""Evidence in the legs: slips of the finger, the classes of response codes."""

from __future__ import annotations

import pytest

from streams.core.diagnosis.of_legs import CLASS_OF, is_slip
from streams.core.diagnosis.pulse import version_of
from streams.settings.codes import shipped_codes


@pytest.mark.parametrize(
    ("one", "other"), [(1_200, 1_300), (1_200, 12_000), (1_200, 2_100), (1_200, 120), (1_250, 12_500), (1_205, 12_805)]
)
def test_one_wrong_key_is_a_slip(one: int, other: int) -> None:
    """A digit, two neighbours, a zero or digit more or less: whichever side has it."""
    assert is_slip(one, other)
    assert is_slip(other, one)


@pytest.mark.parametrize(("one", "other"), [(1_200, 3_450), (999, 1_001), (12_345, 54_321), (100, 98_765)])
def test_what_differs_in_more_is_no_slip(one: int, other: int) -> None:
    """Two digits that are no neighbours, or more, are not explained by one key."""
    assert not is_slip(one, other)


def test_no_code_that_speaks_of_a_cause_means_approved() -> None:
    """Every classed code stands in the shipped table, and none of them approves."""
    codes = shipped_codes()
    assert {codes[code].outcome for code in CLASS_OF} <= {"declined", "rejected", "unknown"}


def test_versions_are_compared_as_numbers() -> None:
    """3.10 is newer than 3.9."""
    assert version_of("3.10.1") > version_of("3.9.9")
    assert version_of("beta") == (0,)
