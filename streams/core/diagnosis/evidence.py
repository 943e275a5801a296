"""Pieces of evidence as a diagnosis gathers them: names, and beside each the values that its sentence shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mypy_extensions import mypyc_attr

if TYPE_CHECKING:
    from collections.abc import Mapping

Values = tuple[object, ...]
"""What the sentence of one piece shows, in the order of ``fields_of``."""

NOTHING: Final[Values] = ()

_CLUSTER: Final = ("count", "total", "minutes", "value", "share")
_CODE: Final = ("code",)
_FIELDS: Final[Mapping[str, tuple[str, ...]]] = {
    "points_at_original": ("kind",),
    "terminal_refused": _CODE,
    "differs_reference": ("fields",),
    "amount_slip": ("one", "other"),
    "numbers_missing": ("count",),
    "numbers_back": ("count",),
    "neighbours_alone": ("found", "count"),
    "neighbours_all_alone": ("found",),
    "neighbour_alone": ("found", "count"),
    "neighbours_fine": ("found",),
    "neighbours_refused": ("found", "count", "code"),
    "neighbours_late": ("seconds",),
    "trip_slow": ("ms", "usual"),
    "terminal_slow": ("ms", "usual"),
    "fleet_slow": ("network", "ms"),
    "clock_off": ("seconds",),
    "host_clock_off": ("seconds",),
    "record_late": ("seconds",),
    "host_record_late": ("seconds",),
    "heartbeat_gap": ("seconds", "usual"),
    "version_old": ("value", "newest"),
    "undoing_cluster": ("kind",),
    "link_troubled": ("link", "count", "usual"),
    "link_troubled_strong": ("link", "count", "usual"),
    "link_calm": ("link",),
    "link_slow": ("link", "ms"),
    "feed_silent": ("source", "seconds"),
    "feed_silent_once": ("source", "seconds"),
    "feed_lag": ("source", "seconds"),
    "feed_letters": ("source", "count"),
    "letter_of_terminal": ("source",),
    "feed_quiet_link": ("source", "value", "count"),
    "feed_quiet_link_strong": ("source", "value", "count"),
    "feed_quiet_region": ("source", "value", "count"),
    "feed_quiet_region_strong": ("source", "value", "count"),
    "in_maintenance": ("reason", "link", "from_ms", "until_ms"),
    "in_maintenance_otherwise": ("reason", "link", "from_ms", "until_ms"),
    "host_late_on_its_way": ("seconds",),
    "terminal_late_on_its_way": ("seconds",),
    "host_late_at_the_sender": ("seconds",),
    "terminal_late_at_the_sender": ("seconds",),
    "late_together": ("count", "source"),
}


def fields_of(piece: str) -> tuple[str, ...]:
    """Return the names of the values that come with a piece of evidence, in their order."""
    fields = _FIELDS.get(piece)
    if fields is not None:
        return fields
    if piece.startswith(("code_", "original_code_")):
        return _CODE
    return _CLUSTER if piece.endswith(("_cluster", "_cluster_strong")) else ()


@mypyc_attr(acyclic=True)
class Told:
    """The values of one piece, and those of the pieces before it."""

    def __init__(self, place: int, values: Values, before: Told | None) -> None:
        self.place = place
        """Of the piece among all that were found."""
        self.values = values
        self.before = before


@mypyc_attr(acyclic=True)
class Evidence:
    """What is known of one anomaly, in the order in which it was found."""

    def __init__(self, names: list[str], told: Told | None) -> None:
        self.names = names
        """All pieces."""
        self.told = told
        """The values of the latest piece that has any."""

    def add(self, name: str) -> None:
        """Add a piece whose sentence shows nothing of this anomaly."""
        self.names.append(name)

    def tell(self, name: str, values: Values) -> None:
        """Add a piece with the values that its sentence shows, in the order of ``fields_of``."""
        self.told = Told(len(self.names), values, self.told)
        self.names.append(name)

    def copy(self) -> Evidence:
        """Return the same evidence, to be added to by itself."""
        return Evidence(self.names[:], self.told)


def values_of(told: Told | None, place: int) -> Values:
    """Return the values of the piece at a place, none where it has none."""
    while told is not None:
        if told.place == place:
            return told.values
        told = told.before
    return NOTHING
