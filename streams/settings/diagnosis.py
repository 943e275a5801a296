"""The model of diagnosis as data files: causes and evidence from one, what to do next from the other."""

from __future__ import annotations

import re
import string
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from streams.core.anomaly import KINDS
from streams.core.diagnosis import telling
from streams.core.diagnosis.model import CAUSES, LANGUAGES, Action, Model, Text
from streams.errors import ConfigurationError
from streams.settings.documents import read_document
from streams.settings.durations import parse_duration
from streams.shipped import shipped

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DIAGNOSIS_FILE: Final = "config/diagnosis.yaml"
ACTIONS_FILE: Final = "config/actions.yaml"
WHO: Final = ("cashier", "hotline", "on_call", "acquirer", "security")
SORTS: Final = ("check", "do", "never", "call")
VALUES: Final = frozenset(telling.VALUES)
"""What the text of an action may show of a voucher."""
IN_FORCE: Final = ("fitted", "hand")
TOUCHING: Final = re.compile(r"\0[\x000-9]|[0-9]\0")
"""A value, which is a NUL here, side by side with another one or with a digit."""


@lru_cache(maxsize=1)
def shipped_model() -> Model:
    """Return the model that travels with the package."""
    return read_model(shipped(DIAGNOSIS_FILE), shipped(ACTIONS_FILE))


def read_model(diagnosis: Path, actions: Path) -> Model:
    """Return the model of two files; of a weight the fitted value is in force where it stands, else the hand's.

    Raises UnreachableError for a file that cannot be read and ConfigurationError with every fault of both.
    """
    faults: list[str] = []
    causes, steps = read_document(diagnosis), read_document(actions)
    try:
        model = _model(causes, steps, faults, (str(diagnosis), str(actions)))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        faults.append(f"{diagnosis} or {actions} lacks a part: {error}; mend it after the shipped file.")
    if faults:
        raise ConfigurationError(faults)
    return model


def in_force(weight: dict[str, Any]) -> float:
    """Return the value of a prior or weight that counts: the fitted one where it stands, else the hand's."""
    return float(next(weight[name] for name in IN_FORCE if weight.get(name) is not None))


def _model(causes: dict[str, Any], steps: dict[str, Any], faults: list[str], places: tuple[str, str]) -> Model:
    told, evidence, look = causes["causes"], causes["evidence"], causes["look"]
    faults += _strangers(f"{places[0]}: causes", told, CAUSES, whole=True)
    for piece, row in evidence.items():
        faults += _strangers(f"{places[0]}: evidence.{piece}.weights", row["weights"], CAUSES[:-1])
        faults += [f"{places[0]}: evidence.{piece}: {fault}" for fault in _faults_of_text(row)]
    faults += _strangers(f"{places[1]}: causes", steps["causes"], CAUSES, whole=True)
    faults += _strangers(f"{places[1]}: kinds", steps["kinds"], tuple(KINDS), whole=True)
    for part in ("causes", "kinds"):
        for name, rows in steps[part].items():
            faults += [f"{places[1]}: {part}.{name}: {fault}" for row in rows for fault in _faults_of_step(row)]
    if faults:
        return Model((), {})
    place = {cause: number for number, cause in enumerate(CAUSES)}
    return Model(
        priors=tuple(in_force(told[cause]["prior"]) for cause in CAUSES),
        weights={
            piece: tuple((place[cause], in_force(weight)) for cause, weight in row["weights"].items())
            for piece, row in evidence.items()
        },
        sentences={piece: Text(row["en"], row["zh"]) for piece, row in evidence.items()},
        names={cause: Text(row["en"], row["zh"]) for cause, row in told.items()},
        words=dict(causes["words"]),
        of_cause={name: _steps(rows) for name, rows in steps["causes"].items()},
        of_kind={name: _steps(rows) for name, rows in steps["kinds"].items()},
        short_ms=parse_duration(look["short"]),
        long_ms=parse_duration(look["long"]),
        look_again_ms=parse_duration(look["again"]),
    )


def _strangers(where: str, named: dict[str, Any], known: tuple[str, ...], *, whole: bool = False) -> Iterator[str]:
    """Yield a fault for each name that is not known, and for each that is missing where all have to be there."""
    for name in named:
        if name not in known:
            yield f"{where}.{name} is not known; use one of {', '.join(known)}."
    for name in known if whole else ():
        if name not in named:
            yield f"{where}.{name} is missing; write it."


def _faults_of_step(row: dict[str, Any]) -> Iterator[str]:
    if row["who"] not in WHO:
        yield f"who is {row['who']!r}, but must be one of {', '.join(WHO)}; choose one of them."
    if row["sort"] not in SORTS:
        yield f"sort is {row['sort']!r}, but must be one of {', '.join(SORTS)}; choose one of them."
    for language in LANGUAGES:
        for _, name, _, _ in string.Formatter().parse(row[language]):
            if name is not None and name not in VALUES:
                yield f"{{{name}}} is no value of a voucher; use one of {', '.join(sorted(VALUES))}."
    yield from _faults_of_text(row)
    many = row.get("many", {})
    for language in LANGUAGES if many else ():
        if "{" in many[language]:
            yield f"many names a value in {language}, but speaks of many vouchers; leave the value out."


def _faults_of_text(row: dict[str, Any]) -> Iterator[str]:
    """Yield a fault for a text in which what stands for values could make one run of digits of two."""
    for language in LANGUAGES:
        parts = string.Formatter().parse(row[language])
        if TOUCHING.search("".join(text + "\0" * (name is not None) for text, name, _, _ in parts)):
            yield f"a value touches a digit or another value in {language}; write something between them."


def _steps(rows: list[dict[str, Any]]) -> tuple[Action, ...]:
    return tuple(
        Action(row["who"], row["sort"], Text(row["en"], row["zh"]), frozenset(row.get("kinds", ()))) for row in rows
    )
