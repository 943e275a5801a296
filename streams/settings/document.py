"""The reference page of the settings and the YAML that ``config show`` prints, both from the declarations."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

import yaml

from streams.settings.declarations import Settings, declared
from streams.settings.secrets import HIDDEN

if TYPE_CHECKING:
    from pathlib import Path

    from streams.settings.declaring import Setting

PAGE = "docs/configuration.md"

_HEAD = """\
# Configuration

This page is generated from the declarations in `streams/settings/`; `python -m streams.settings` writes it again.

One YAML file holds the settings (`config/voucherwatch.yaml` shows the usual ones), and every one of them has a
default. An environment variable wins over the file, and `--set KEY=VALUE` wins over both:

| written as | example |
|---|---|
| file | `pair_window: {sale: 45s}` |
| environment | `VOUCHERWATCH_PAIR_WINDOW__SALE=45s` (upper case, `__` for each dot) |
| option | `--set pair_window.sale=45s` |

Durations are a number with `ms`, `s`, `m`, `h` or `d`; a bare number is seconds. A relative path starts at the folder
of the file that names it, or at the working folder for the environment and `--set`. A secret is better kept in a file
of its own: add `_file` to its name (`sasl_password_file`, `VOUCHERWATCH_SASL_PASSWORD_FILE`) and give the path.

Unknown names are refused, and `voucherwatch config check FILE` lists all faults at once. `voucherwatch config show`
prints what is in force and where each value comes from, with secrets hidden.
"""


def page() -> str:
    """Return the whole reference page in Markdown."""
    parts = [_HEAD]
    for section, settings in groupby(declared(), key=lambda setting: setting.section):
        parts.append(f"\n## {section}\n\n| setting | type | default | meaning |\n|---|---|---|---|\n")
        parts.extend(_row(setting) for setting in settings)
    return "".join(parts)


def _row(setting: Setting) -> str:
    """Return one line of the table."""
    limit = f"; {setting.kind.constraint}" if setting.kind.constraint else ""
    meaning = setting.meaning + (" Secret." if setting.kind.secret else "")
    return f"| `{setting.key}` | {setting.kind.title}{limit} | {_default(setting)} | {meaning} |\n"


def _default(setting: Setting) -> str:
    """Return the default as it would be written in the file."""
    if setting.default is None:
        return "-"
    if setting.key == "pair_window":
        return "`60s`, reversal `120s`, refund `300s`"
    plain = setting.kind.plain(setting.default)
    if plain == []:
        return "-"
    if isinstance(plain, bool):
        return f"`{str(plain).lower()}`"
    if isinstance(plain, list):
        return "all of them" if len(plain) > 1 else f"`[{', '.join(plain)}]`"
    return f"`{plain}`"


def plain(settings: Settings) -> dict[str, object]:
    """Return every setting by dotted key as YAML would hold it, secrets hidden."""
    shown: dict[str, object] = {}
    for setting in declared():
        value = getattr(settings, setting.attribute)
        if value is not None and setting.kind.secret:
            value = HIDDEN
        elif value is not None:
            value = setting.kind.plain(value)
        shown[setting.key] = value
    return shown


def as_yaml(settings: Settings) -> str:
    """Return the settings in force as YAML, with the origin of each value that is not a default as a comment."""
    lines: list[str] = []
    group = ""
    for key, value in plain(settings).items():
        head, _, name = key.rpartition(".")
        if head and head != group:
            lines.append(f"{head}:")
        group = head
        origin = settings.origins.get(key) or next(
            (where for known, where in settings.origins.items() if known.startswith(f"{key}.")), ""
        )
        text = yaml.safe_dump({name: value}, allow_unicode=True, sort_keys=False, width=1000).rstrip("\n").split("\n")
        if origin:
            text[0] += f"  # {origin}"
        lines.extend(f"  {line}" if head else line for line in text)
    return "\n".join(lines) + "\n"


def write(root: Path) -> Path:
    """Write the page below the root of a checkout and return its path."""
    path = root / PAGE
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page(), encoding="utf-8")
    return path
