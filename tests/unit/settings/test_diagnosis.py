"""The files of diagnosis: what they must hold, and how their faults are told."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from streams.core.diagnosis.model import CAUSES, UNKNOWN
from streams.errors import ConfigurationError, UnreachableError
from streams.settings.diagnosis import ACTIONS_FILE, DIAGNOSIS_FILE, read_model, shipped_model
from streams.settings.documents import read_document
from streams.shipped import shipped

CORE = Path(__file__).resolve().parents[3] / "streams" / "core" / "diagnosis"
DOUBLE_CHARGE = re.compile(r"\b(redo|repeat the sale|try again|swipe again)\b|重做|重刷|再刷")


def documents() -> tuple[dict[str, Any], dict[str, Any]]:
    """Return both shipped documents."""
    return read_document(shipped(DIAGNOSIS_FILE)), read_document(shipped(ACTIONS_FILE))


def test_unknown_has_a_prior_and_no_weights() -> None:
    """Nothing speaks for ``unknown``: it wins where nothing speaks for another."""
    model = shipped_model()
    unknown = CAUSES.index(UNKNOWN)
    assert all(place != unknown for weights in model.weights.values() for place, _ in weights)
    assert model.priors[unknown] == max(model.priors)


def test_every_weight_has_the_hands_value_and_every_piece_its_reason() -> None:
    """What was fitted stands beside what the hand wrote, never in its place."""
    document, _ = documents()
    for name, row in (*document["evidence"].items(), *document["causes"].items()):
        assert row["reason"], name
        assert row["en"], name
        assert row["zh"], name
    weights = [weight for row in document["evidence"].values() for weight in row["weights"].values()]
    assert all(isinstance(weight["hand"], int | float) for weight in weights)


def test_every_piece_that_the_code_finds_has_a_sentence() -> None:
    """A piece without its line in the file would weigh nothing and be told to nobody."""
    document, _ = documents()
    source = "".join(path.read_text() for path in CORE.glob("of_*.py"))
    named = set(re.findall(r'"([a-z_]+)"', " ".join(re.findall(r"(?:\.(?:add|tell)\(|_lacks\(|piece = ).*", source))))
    assert len(named) > 40
    assert named - document["evidence"].keys() == set()


def test_no_step_says_to_redo_a_sale() -> None:
    """A second sale while an approved original may exist charges the cardholder twice: only ``never`` speaks of it."""
    _, steps = documents()
    rows = [row for part in ("kinds", "causes") for rows in steps[part].values() for row in rows]
    said = [row for row in rows if row["sort"] != "never" and DOUBLE_CHARGE.search(row["en"] + row["zh"])]
    assert said == []
    many = [row["many"] for row in rows if "many" in row and row["sort"] != "never"]
    assert [said for said in many if DOUBLE_CHARGE.search(said["en"] + said["zh"])] == []
    assert any(DOUBLE_CHARGE.search(row["en"]) for row in rows if row["sort"] == "never")


def test_whoever_is_called_gets_the_numbers_to_look_it_up() -> None:
    """A call outside names terminal, voucher and time at least; the acquirer gets the RRN, too."""
    _, steps = documents()
    rows = [row for part in ("kinds", "causes") for rows in steps[part].values() for row in rows]
    called = [row for row in rows if row["sort"] == "call"]
    assert len(called) > 8
    for row in called:
        wanted = {"terminal", "voucher", "time"} | ({"rrn"} if row["who"] in {"acquirer", "security"} else set())
        for language in ("en", "zh"):
            assert wanted <= set(re.findall(r"\{(\w+)\}", row[language])), row


def written(folder: Path, document: dict[str, Any], steps: dict[str, Any]) -> tuple[Path, Path]:
    """Write both documents and return their paths."""
    paths = folder / "diagnosis.yaml", folder / "actions.yaml"
    for path, content in zip(paths, (document, steps), strict=True):
        path.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    return paths


def test_all_faults_of_both_files_are_told_at_once(tmp_path: Path) -> None:
    """Each names the file, the place, the value and what is allowed."""
    document, steps = documents()
    document["evidence"]["alone"]["weights"]["bad_luck"] = {"hand": 1.0}
    del document["causes"]["maintenance"]
    document["evidence"]["alone"]["zh"] = "{one}{other}"
    steps["causes"]["unknown"][0] |= {"who": "nobody", "en": "Call {someone}.", "zh": "0{voucher}"}
    steps["kinds"]["mismatch"][0]["many"]["en"] = "Look at {voucher}."
    paths = written(tmp_path, document, steps)
    with pytest.raises(ConfigurationError) as caught:
        read_model(*paths)
    told = str(caught.value)
    assert f"{paths[0]}: evidence.alone.weights.bad_luck is not known" in told
    assert f"{paths[0]}: causes.maintenance is missing" in told
    assert f"{paths[1]}: causes.unknown: who is 'nobody', but must be one of cashier" in told
    assert "{someone} is no value of a voucher" in told
    assert f"{paths[1]}: kinds.mismatch: many names a value in en, but speaks of many vouchers" in told
    assert f"{paths[0]}: evidence.alone: a value touches a digit or another value in zh" in told
    assert f"{paths[1]}: causes.unknown: a value touches a digit or another value in zh" in told


def test_a_part_that_is_missing_is_told(tmp_path: Path) -> None:
    """A file without weights is refused in one sentence, not with a traceback."""
    document, steps = documents()
    del document["look"]
    with pytest.raises(ConfigurationError, match="lacks a part"):
        read_model(*written(tmp_path, document, steps))


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    """What is not there is unreachable; what is no mapping is a fault of configuration."""
    with pytest.raises(UnreachableError, match="no such file"):
        read_document(tmp_path / "none.yaml")
    path = tmp_path / "list.yaml"
    path.write_text("- 1\n")
    with pytest.raises(ConfigurationError, match="holds no mapping"):
        read_document(path)


def test_the_fitted_value_is_in_force_where_it_stands(tmp_path: Path) -> None:
    """Else the hand's is."""
    document, steps = documents()
    document["causes"]["host_fault"]["prior"] = {"hand": -1.0, "fitted": -2.5}
    document["causes"]["feed_gap"]["prior"] = {"hand": -1.5}
    model = read_model(*written(tmp_path, document, steps))
    assert model.priors[CAUSES.index("host_fault")] == -2.5
    assert model.priors[CAUSES.index("feed_gap")] == -1.5
