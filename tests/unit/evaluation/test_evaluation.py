"""Evaluation: measures of known samples, the fit, the file of weights, the picture, one small trial."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

from streams.cli.evaluate import page
from streams.core.diagnosis.model import CAUSES, UNKNOWN
from streams.core.diagnosis.posterior import confidences
from streams.evaluation.fit import PIECE_OF_PRIORS, fit
from streams.evaluation.measures import measure
from streams.evaluation.plot import picture
from streams.evaluation.sets import FIRST_SEED, MIXES, params_of
from streams.evaluation.trial import Sample, run_trial
from streams.evaluation.weights import hand_weights, with_fitted, write_weights
from streams.settings import load_settings
from streams.settings.diagnosis import ACTIONS_FILE, DIAGNOSIS_FILE, read_model, shipped_model
from streams.settings.documents import read_document
from streams.shipped import shipped
from streams.simulator.params import SimulationParams

if TYPE_CHECKING:
    from pathlib import Path


def sample(truth: str, *ranked: tuple[str, float], pieces: tuple[str, ...] = ()) -> Sample:
    """Return a sample with a known cause and what was said of it."""
    return Sample(truth, "some_fault", "orphan_host", pieces, ranked)


SAMPLES = [
    sample("host_fault", ("host_fault", 0.9), ("unknown", 0.1)),
    sample("host_fault", ("feed_gap", 0.6), ("host_fault", 0.3)),
    sample("feed_gap", ("unknown", 0.7), ("host_fault", 0.1), ("maintenance", 0.1), ("feed_gap", 0.05)),
    sample(UNKNOWN, (UNKNOWN, 0.8)),
]


def test_measures_of_known_samples() -> None:
    """Top-1 and top-3 are of what leaves evidence, by anomaly and by cause; ``unknown`` stands apart."""
    found = measure(SAMPLES)
    assert [found.top1, found.top3] == pytest.approx([1 / 3, 2 / 3])
    assert (found.top1_of_causes, found.top3_of_causes) == (0.25, 0.5)
    assert (found.unknown_first, found.said_unknown) == (1.0, 0.5)
    assert found.confusion["feed_gap", UNKNOWN] == 1
    assert found.calibration_error == pytest.approx((0.1 + 0.6 + 0.7 + 0.2) / 4)


def test_the_page_and_the_picture_tell_all_of_it() -> None:
    """Every cause with its counts and what it was taken for; the picture is well-formed."""
    found = measure(SAMPLES)
    text = page(found)
    assert "host_fault              2   50.0%  100.0%   feed_gap 1" in text
    assert "expected calibration error     0.400" in text
    drawn = picture(found, "A & B")
    assert ET.fromstring(drawn).tag.endswith("svg")  # noqa: S314  our own text of a moment ago


def test_the_fit_follows_the_samples_and_else_the_hand() -> None:
    """A piece that goes with a cause gains weight for it; one that never appears keeps the hand's."""
    host, feed = CAUSES.index("host_fault"), CAUSES.index("feed_gap")
    hand = {(PIECE_OF_PRIORS, place): 0.0 for place in range(len(CAUSES))}
    hand |= {("busy", host): 0.0, ("busy", feed): 0.0, ("silent", feed): 1.25}
    samples = [sample("host_fault", pieces=("busy",))] * 30 + [sample(UNKNOWN)] * 30
    weights = fit(samples, hand)
    assert weights["busy", host] > 2
    assert weights["busy", feed] < 0
    assert weights["silent", feed] == pytest.approx(1.25, abs=0.01)
    assert fit(samples, hand) == weights


def test_fitted_weights_are_written_beside_the_hands(tmp_path: Path) -> None:
    """The comment at the head, the sentences and the hand's values stay; the fitted ones come into force."""
    path = tmp_path / "diagnosis.yaml"
    shutil.copy(shipped(DIAGNOSIS_FILE), path)
    before = read_document(path)
    hand = hand_weights(before)
    write_weights(path, with_fitted(before, {place: value + 1 for place, value in hand.items()}, {"samples": 7}))
    after = read_document(path)
    assert path.read_text().splitlines()[0] == shipped(DIAGNOSIS_FILE).read_text().splitlines()[0]
    assert hand_weights(after) == hand
    assert after["provenance"] == {"samples": 7}
    model = read_model(path, shipped(ACTIONS_FILE))
    assert model.priors == pytest.approx([hand[PIECE_OF_PRIORS, place] + 1 for place in range(len(CAUSES))])


def test_the_two_sets_share_no_seed_mix_or_part_of_a_range() -> None:
    """What is evaluated was never fitted on."""
    assert not set(MIXES["fit"]) & set(MIXES["evaluate"])
    assert abs(FIRST_SEED["fit"] - FIRST_SEED["evaluate"]) > 1_000
    assert (params_of("fit", 0).ranges, params_of("evaluate", 0).ranges) == ("fit", "evaluate")


def test_confidences_add_up_to_one() -> None:
    """Whatever the evidence, and ``unknown`` comes first where there is none."""
    model = shipped_model()
    for names in ((), ("alone",), tuple(model.weights)):
        assert sum(confidences(model, names)) == pytest.approx(1.0)
    assert max(zip(confidences(model, ()), CAUSES, strict=True))[1] == UNKNOWN


def test_a_small_trial_gives_samples_twice_the_same() -> None:
    """One simulated run of five minutes: known causes, each with a diagnosis that was made of evidence."""
    params = SimulationParams(terminals=30, rate=20, duration_s=300, seed=7, scenario="causes", ranges="fit")
    policy = load_settings(None, (), {}, live=False).policy()
    samples = run_trial(params, policy)
    assert samples
    assert all(sample.pieces for sample in samples)
    assert {sample.truth for sample in samples} <= set(CAUSES)
    assert run_trial(params, policy) == samples


def test_diagnoses_are_good_on_runs_that_the_fit_never_saw() -> None:
    """Twice twenty minutes of a small fleet, every cause among them; the floors are those of `evaluate`."""
    policy = load_settings(None, (), {}, live=False).policy()
    samples: list[Sample] = []
    for seed in (200_001, 200_002):
        params = SimulationParams(
            terminals=60, rate=40, duration_s=1_200, seed=seed, scenario="causes", ranges="evaluate"
        )
        samples += run_trial(params, policy)
    found = measure(samples)
    assert {score.cause for score in found.causes if score.count >= 40} == set(CAUSES)
    assert found.top1 >= 0.85
    assert found.top1_of_causes >= 0.8
    assert found.top3 >= 0.95
    assert found.unknown_first >= 0.8
    assert found.calibration_error <= 0.08
