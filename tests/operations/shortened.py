"""The shipped rules and routes with every duration a fraction of itself, so that a night fits into two minutes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import yaml

from tests.contracts.repository import ROOT

if TYPE_CHECKING:
    from pathlib import Path

BY: Final = 30
"""Ten minutes become twenty seconds, half a minute one."""
RULES: Final = ROOT / "config" / "prometheus" / "rules"
ROUTES: Final = ROOT / "config" / "alertmanager"
_RANGE: Final = re.compile(r"\[([0-9]+(?:ms|[smhdw]))([\]:])")
_WAITS: Final = ("for", "keep_firing_for", "group_wait", "group_interval", "repeat_interval", "resolve_timeout")
_UNITS: Final = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}


def seconds_of(duration: str) -> float:
    """Return the seconds of a duration of Prometheus's; raises ``ValueError`` for what is none."""
    found = re.findall(r"([0-9]+)(ms|[smhdw])", duration)
    if not found or "".join(number + unit for number, unit in found) != duration:
        raise ValueError(f"{duration} is no duration")
    return sum(int(number) * (0.001 if unit == "ms" else _UNITS[unit]) for number, unit in found)


def shorter(duration: str) -> str:
    """Return the fraction of a duration, at least one second, as Prometheus writes it."""
    return f"{max(1_000, round(seconds_of(duration) * 1_000 / BY))}ms"


def shortened(value: Any) -> Any:  # noqa: ANN401  any part of a YAML document
    """Return a document with all its waits and ranges shortened."""
    if isinstance(value, dict):
        return {
            name: shorter(part) if name in _WAITS and isinstance(part, str) else shortened(part)
            for name, part in value.items()
        }
    if isinstance(value, list):
        return [shortened(part) for part in value]
    if isinstance(value, str):
        return _RANGE.sub(lambda match: f"[{shorter(match[1])}{match[2]}", value)
    return value


def shortened_rules(folder: Path) -> list[Path]:
    """Write all shipped rule files shortened into a folder and return their paths."""
    written = []
    for path in sorted(RULES.rglob("*.yml")):
        target = folder / path.relative_to(RULES)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(yaml.safe_dump(shortened(yaml.safe_load(path.read_text())), allow_unicode=True))
        written.append(target)
    return written


def shortened_routes(relay: str, token: Path) -> dict[str, Any]:
    """Return the shipped Alertmanager configuration shortened, its relay at an address with the token in a file."""
    found: dict[str, Any] = shortened(yaml.safe_load((ROUTES / "alertmanager.yml").read_text()))
    found["templates"] = [str(ROUTES / pattern) for pattern in found.get("templates", ())]
    for receiver in found["receivers"]:
        for webhook in receiver.get("webhook_configs", ()):
            webhook["url"] = re.sub(r"//relay:[0-9]+", f"//{relay}", webhook["url"])
            webhook["http_config"]["authorization"]["credentials_file"] = str(token)
    return found
