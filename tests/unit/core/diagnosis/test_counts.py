"""The counts that diagnosis stands on: windows, shares, rates, levels."""

from __future__ import annotations

import pytest

from streams.core.diagnosis.beats import MOST_BEATS, MOST_TEXTS, Fleet
from streams.core.diagnosis.crowds import DIMENSIONS, MOST_ENTRIES, TERMINAL_PLACE, VERSION_PLACE, Crowds, Shared
from streams.core.diagnosis.of_others import WEAK, above
from streams.core.diagnosis.rates import MOST_SLOTS, SLOT_MS, History, Level, Rate, surprise
from streams.core.diagnosis.shares import HALF_LIFE_MS, MOST_VALUES, Shares
from streams.core.lane import Lane
from streams.core.policy import Policy
from streams.settings.diagnosis import shipped_model
from streams.testing import timeline

MINUTE_MS = 60_000


def shared(**values: str) -> Shared:
    """Return what a voucher shares, empty but for what is given."""
    link, region, version, model, network, operator, merchant, terminal = (values.get(name, "") for name in DIMENSIONS)
    return link, region, version, model, network, operator, merchant, terminal


def groups(crowds: Crowds, kind: str, place: int) -> dict[str, tuple[int, int]]:
    """Return value -> how many of the short and of the long span, of one dimension."""
    return {value: (group.short, group.long) for value, group in crowds.crowd(kind).groups[place].items()}


def test_crowds_count_by_kind_and_value_and_forget_what_is_older() -> None:
    """The count of a value is that of its kind within either span, ends included."""
    crowds = Crowds(5 * MINUTE_MS, 60 * MINUTE_MS)
    for minute in range(6):
        crowds.expire(minute * MINUTE_MS)
        crowds.add(minute * MINUTE_MS, "mismatch", shared(link="north", software_version="1.0"))
    crowds.expire(6 * MINUTE_MS)
    crowds.add(6 * MINUTE_MS, "orphan_host", shared(link="north"))
    crowd = crowds.crowd("mismatch")
    assert (crowd.short, crowd.long) == (5, 6)
    assert groups(crowds, "mismatch", 0) == {"north": (5, 6)}
    assert groups(crowds, "mismatch", VERSION_PLACE) == {"1.0": (5, 6)}
    crowds.expire(20 * MINUTE_MS)
    assert groups(crowds, "mismatch", 0) == {"north": (0, 6)}
    crowds.expire(70 * MINUTE_MS)
    assert groups(crowds, "mismatch", 0) == {}
    assert (crowd.short, crowd.long) == (0, 0)


def test_an_anomaly_that_is_older_than_the_spans_still_sees_its_like() -> None:
    """What it shares is counted anew for it, also where nobody had that value for a while."""
    crowds = Crowds(5 * MINUTE_MS, 60 * MINUTE_MS)
    entry = crowds.add(0, "mismatch", shared(link="north"))
    crowds.expire(61 * MINUTE_MS)
    assert entry.gone
    assert entry.group(0) is None
    crowds.add(62 * MINUTE_MS, "mismatch", shared(link="north"))
    found = entry.group(0)
    assert found is not None
    assert (found.short, found.long) == (1, 1)


def test_crowds_are_bounded() -> None:
    """Beyond the bound the oldest anomaly goes, whatever its age."""
    crowds = Crowds(5 * MINUTE_MS, 60 * MINUTE_MS)
    for number in range(MOST_ENTRIES + 10):
        crowds.add(0, "mismatch", shared(terminal=str(number)))
    crowd = crowds.crowd("mismatch")
    assert len(crowd.groups[TERMINAL_PLACE]) == crowd.long == crowd.short == MOST_ENTRIES
    assert "9" not in crowd.groups[TERMINAL_PLACE]


@pytest.mark.parametrize("expected", [0.01, 0.5, 1.0, 2.5, 7.0, 30.0, 400.0])
def test_what_is_ruled_out_without_a_logarithm_would_not_have_counted(expected: float) -> None:
    """The quick test agrees with the surprise on every count that could make a cluster."""
    for count in range(1_000):
        exact = surprise(float(count), expected) if count > 1 else 0.0
        quick = above(count, expected)
        assert quick in {0.0, exact}
        assert (quick >= WEAK) == (exact >= WEAK)


def test_shares_follow_the_fleet() -> None:
    """After some half-lives only the newer version counts; a value never seen has a small share, not none."""
    shares = Shares()
    for number in range(1_000):
        shares.add(number, shared(software_version="1.0"))
    for number in range(1_000):
        shares.add(10 * HALF_LIFE_MS + number, shared(software_version="2.0"))
    assert shares.share(2, "2.0") > 0.99
    assert 0 < shares.share(2, "3.0") < shares.share(2, "1.0") < 0.01
    assert shares.values(0) == {}


def test_shares_are_bounded_and_the_rarer_join_the_others() -> None:
    """What is frequent keeps its name and share where there are too many values."""
    shares = Shares()
    for number in range(3 * MOST_VALUES):
        shares.add(number, shared(merchant=f"m{number}"))
        shares.add(number, shared(merchant="often"))
    assert len(shares.values(6)) <= MOST_VALUES + 1
    assert shares.share(6, "often") == pytest.approx(0.5, abs=0.01)


def test_what_a_heartbeat_says_of_its_terminal_completes_a_voucher_without_it() -> None:
    """Of an orphan of the host: the newest word counts, and what a record says itself goes before it."""
    lane = Lane(0, Policy(diagnosis=shipped_model()), live=False)
    line = timeline(
        """
        t=0 terminal status terminal_id=T1 software_version=3.1.8 terminal_model=M2
        t=60 terminal status terminal_id=T1 software_version=3.1.9 terminal_model=M2 network_type=4g
        t=61 host status terminal_id=T1 software_version=9.9.9
        t=62 terminal status terminal_id=T2
        """
    )
    for source in (0, 1):
        lane.feed(source, line.records(source))
    lane.flush()
    diagnoser = lane._state.diagnoser
    assert diagnoser is not None
    bare = shared(link="north", terminal="T1")
    told = shared(link="north", terminal="T1", software_version="3.1.9", terminal_model="M2", network_type="4g")
    assert diagnoser.pulse.completed(bare, "T1") == told
    itself = shared(terminal="T1", software_version="3.0.0")
    assert diagnoser.pulse.completed(itself, "T1")[VERSION_PLACE] == "3.0.0"
    assert diagnoser.pulse.completed(bare, "T2") == bare
    assert diagnoser.pulse.completed(bare, "T3") == bare


def test_heartbeats_are_bounded_and_the_longest_silent_are_forgotten() -> None:
    """Two generations are kept; who beats in between is never among those that go."""
    fleet = Fleet()
    for number in range(2 * MOST_BEATS + 2):
        fleet.beat(f"T{number}", number)
        if number % 1_000 == 0:
            fleet.beat("steady", number)
        assert len(fleet) <= 2 * MOST_BEATS + 2
    assert fleet.of("T0") is None
    assert (latest := fleet.of(f"T{2 * MOST_BEATS}")) is not None
    assert latest.last == 2 * MOST_BEATS
    steady = fleet.of("steady")
    assert steady is not None
    assert (steady.before, steady.last) == (2 * MOST_BEATS - 1_000, 2 * MOST_BEATS)


def test_texts_of_heartbeats_are_kept_once_and_bounded() -> None:
    """Terminals that say the same share it; what never repeats does not pile up."""
    fleet = Fleet()
    for number in range(3):
        fleet.describe(fleet.beat(f"T{number}", 0), b"3.2-1".decode(), "M", "4G")
    first, last = fleet.of("T0"), fleet.of("T2")
    assert first is not None
    assert last is not None
    assert (first.version, first.model, first.network) == ("3.2-1", "M", "4G")
    assert first.version is last.version
    for number in range(MOST_TEXTS + 10):
        fleet.describe(first, f"3.{number}", "M", "4G")
    assert len(fleet._texts) <= MOST_TEXTS


def test_surprise_is_the_log_of_a_likelihood_ratio() -> None:
    """Nothing is surprising at or below what is expected; twenty times it is."""
    assert surprise(3, 3) == surprise(0, 5) == 0
    assert surprise(20, 1) == pytest.approx(20 * 2.995732 - 19, abs=0.01)


def test_rates_tell_a_burst_from_the_usual_and_from_a_beginning() -> None:
    """A steady rate is as expected from its first minutes on; ten times as many are not; silence is counted."""
    rate = Rate()
    for second in range(3_600):
        rate.add(second * 1_000)
    assert rate.lately(3_600_000) == pytest.approx(rate.expected(3_600_000, 0), rel=0.1)
    for step in range(600):
        rate.add(3_600_000 + step * 100)
    assert rate.lately(3_660_000) > 2.5 * rate.expected(3_660_000, 0)
    assert rate.quiet(3_720_000, 0) == pytest.approx(70, rel=0.25)
    assert Rate().lately(10**9) == Rate().expected(10**9, 0) == 0.0
    assert Rate().quiet(10**9, 0) == 0


def test_a_history_remembers_what_was_going_on() -> None:
    """Ten minutes later the trouble is seen where it was, and nowhere else."""
    history = History()
    for step in range(40):
        history.add(20 * SLOT_MS + step * 500)
    now = 40 * SLOT_MS
    assert history.count(20 * SLOT_MS) == 40
    assert history.count(30 * SLOT_MS) == 0
    assert 0.0 < history.usual(20 * SLOT_MS, now, 0) < 40.0
    assert History().count(20 * SLOT_MS) == 0
    assert History().usual(20 * SLOT_MS, now, 0) == 0.0


def test_a_history_takes_what_comes_behind_and_forgets_its_oldest_slots() -> None:
    """A record behind the others counts in the half minute it is of; of too many half minutes the first go."""
    history = History()
    for number in (20, 24, 30, 22, 24, 20):
        history.add(number * SLOT_MS)
    assert [history.count(number * SLOT_MS) for number in (17, 18, 20, 22, 26, 28, 32, 33)] == [0, 2, 3, 5, 2, 1, 1, 0]
    for number in range(100, 100 + MOST_SLOTS - 1):
        history.add(number * SLOT_MS)
    assert history.count(22 * SLOT_MS) == 0
    assert history.count(30 * SLOT_MS) == 1
    assert history.count(120 * SLOT_MS) == 5


def test_a_level_moves_lately_fast_and_usually_slowly() -> None:
    """Five slow answers move what is lately, hardly what is usual."""
    level = Level()
    for _ in range(300):
        level.add(100.0)
    for _ in range(5):
        level.add(1_000.0)
    assert level.lately > 600
    assert level.usual < 130
