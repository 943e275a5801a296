"""How a setting is declared: as a field of a dataclass, with its kind, default and meaning."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar, cast

from streams.settings.durations import parse_duration
from streams.settings.kinds import Duration, Kind

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


@dataclass(frozen=True)
class Setting:
    """What a declaration says about one setting."""

    kind: Kind[Any]
    meaning: str
    section: str
    key: str = ""
    attribute: str = ""
    default: object = None


def setting(kind: Kind[T], default: T | str, meaning: str, section: str, key: str = "") -> T:
    """Declare a setting; the default of a duration is written as in the file."""
    value = parse_duration(default) if isinstance(kind, Duration) else default
    factory: Callable[[], object] = lambda: value  # noqa: E731  a mapping as default needs a factory
    return cast(
        "T", field(default_factory=factory, metadata={"setting": Setting(kind, meaning, section, key, default=value)})
    )


def optional(kind: Kind[T], meaning: str, section: str, key: str = "") -> T | None:
    """Declare a setting that may be left out."""
    return cast(
        "T | None",
        field(default=None, repr=not kind.secret, metadata={"setting": Setting(kind, meaning, section, key)}),
    )
