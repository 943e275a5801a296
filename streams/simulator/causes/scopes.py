"""What a trouble touches: a version, a network, a link, a merchant, a terminal, an operator."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from streams.simulator.causes.draw import Draw
    from streams.simulator.fleet import Terminal

BUSY: Final = 0.5
"""Single terminals are drawn from this share of the fleet, the busier part of it."""
OPERATORS: Final = 3
"""Operators of one terminal."""


class Scope(NamedTuple):
    """Which terminals are touched, in a form to test and in one to show."""

    touches: Callable[[Terminal], bool]
    about: dict[str, Any]
    first: Terminal
    operator: str = ""


def operators_of(terminal: Terminal) -> tuple[str, ...]:
    """Return the operators who work at a terminal; those of a merchant are the same ones."""
    return tuple(f"{terminal.merchant_id[-4:]}{number:02d}" for number in range(1, OPERATORS + 1))


def of_all(draw: Draw, fleet: list[Terminal]) -> Scope:
    """Touch every terminal."""
    del draw
    return Scope(lambda _: True, {}, fleet[0])


def of_version(draw: Draw, fleet: list[Terminal]) -> Scope:
    """Touch the terminals of one software version, never the most frequent one."""
    counted = Counter(terminal.software.version for terminal in fleet)
    usual = counted.most_common(1)[0][0]
    version = draw.choice(sorted(counted.keys() - {usual}) or [usual])
    first = next(terminal for terminal in fleet if terminal.software.version == version)
    return Scope(lambda terminal: terminal.software.version == version, {"software_version": version}, first)


def of_network(draw: Draw, fleet: list[Terminal]) -> Scope:
    """Touch a few terminals of one network type."""
    network = draw.choice(sorted({terminal.network for terminal in fleet}))
    there = [terminal for terminal in fleet if terminal.network == network]
    chosen = draw.rng.sample(there, max(1, min(len(there), int(len(there) * draw.between(0.06, 0.25)))))
    ids = {terminal.terminal_id for terminal in chosen}
    return Scope(
        lambda terminal: terminal.terminal_id in ids,
        {"network_type": network, "terminals": sorted(ids)},
        chosen[0],
    )


def of_link(draw: Draw, fleet: list[Terminal]) -> Scope:
    """Touch the terminals of one link."""
    link = draw.choice(sorted({terminal.link.name for terminal in fleet}))
    first = next(terminal for terminal in fleet if terminal.link.name == link)
    return Scope(lambda terminal: terminal.link.name == link, {"link": link}, first)


def of_region_or_link(draw: Draw, fleet: list[Terminal]) -> Scope:
    """Touch all terminals, or those of a link or a region."""
    drawn = draw.choice(("all", "link", "region"))
    if drawn == "all":
        return of_all(draw, fleet)
    if drawn == "link":
        return of_link(draw, fleet)
    region = draw.choice(sorted({terminal.region.name for terminal in fleet}))
    first = next(terminal for terminal in fleet if terminal.region.name == region)
    return Scope(lambda terminal: terminal.region.name == region, {"region": region}, first)


def of_merchant(draw: Draw, fleet: list[Terminal]) -> Scope:
    """Touch the terminals of one merchant."""
    first = _busy(draw, fleet)
    merchant = first.merchant_id
    return Scope(lambda terminal: terminal.merchant_id == merchant, {"merchant_id": merchant}, first)


def of_some(draw: Draw, fleet: list[Terminal]) -> Scope:
    """Touch a few terminals that have nothing in common, or one operator."""
    if draw.choice((True, False)):
        return of_operator(draw, fleet)
    ids = {_busy(draw, fleet).terminal_id for _ in range(draw.whole(2, 6))}
    first = next(terminal for terminal in fleet if terminal.terminal_id in ids)
    return Scope(lambda terminal: terminal.terminal_id in ids, {"terminals": sorted(ids)}, first)


def of_one(draw: Draw, fleet: list[Terminal]) -> Scope:
    """Touch one terminal."""
    first = _busy(draw, fleet)
    return Scope(lambda terminal: terminal is first, {"terminals": [first.terminal_id]}, first)


def of_operator(draw: Draw, fleet: list[Terminal]) -> Scope:
    """Touch one operator at all terminals of a merchant."""
    scope = of_merchant(draw, fleet)
    operator = draw.choice(operators_of(scope.first))
    return scope._replace(about=scope.about | {"operator_id": operator}, operator=operator)


def of_one_operator(draw: Draw, fleet: list[Terminal]) -> Scope:
    """Touch one operator at one terminal."""
    scope = of_one(draw, fleet)
    operator = draw.choice(operators_of(scope.first))
    return scope._replace(about=scope.about | {"operator_id": operator}, operator=operator)


def _busy(draw: Draw, fleet: list[Terminal]) -> Terminal:
    return fleet[int(draw.rng.random() * max(1.0, len(fleet) * BUSY))]
