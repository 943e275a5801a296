"""What alerts say of causes and next steps, from the one source that the anomaly records take them from.

The annotations ``action`` and ``cause`` of a kind's rule file, each in both languages, are written from
``config/actions.yaml`` and the names in ``config/diagnosis.yaml``; all else in these files is written by hand.
"""

# ruff: noqa: E501, RUF001  a line of a template is a line here; Chinese text has full-width punctuation

from __future__ import annotations

import re
import textwrap
from typing import TYPE_CHECKING, Any, Final

from docs.generate.alerts import RULES
from streams.core.diagnosis.model import CAUSES
from streams.settings.diagnosis import ACTIONS_FILE, DIAGNOSIS_FILE
from streams.settings.documents import read_document
from streams.shipped import shipped

if TYPE_CHECKING:
    from pathlib import Path

WIDTH: Final = 108
ORDER: Final = ("check", "do", "call", "never")
"""What an alert says first and last: what must not be done is what stays in mind."""
SERIES: Final = "job_kind_cause:voucherwatch_diagnoses:increase10m"
GLUE: Final = {"en": " ", "zh": ""}
COUNTED: Final = {"en": "{{ $n }} of {{ $all }}:", "zh": "{{ $all }} 笔中 {{ $n }} 笔："}
STOP: Final = {"en": ". ", "zh": "。"}
HEAD: Final = (
    '{{ $of := printf "{job=%q,kind=%q}" $labels.job $labels.kind -}}',
    f'{{{{ $all := "" }}}}{{{{ range query (print "sum({SERIES}" $of ")") }}}}{{{{ $all = printf "%.0f" .Value }}}}{{{{ end -}}}}',
    f'{{{{ range query (print "topk(1, {SERIES}" $of " > 0.5)") }}}}{{{{ $n := printf "%.0f" .Value -}}}}',
)
NONE_YET: Final = {"en": "not yet known; see the single records", "zh": "尚无诊断，见各条记录"}
_ANNOTATION: Final = re.compile(r"^( +)(action|cause)(_zh)?: >-\n(?:\1  .*\n)+", re.MULTILINE)


def rule_files() -> dict[Path, str]:
    """Return each rule file of a kind with its causes and next steps as the sources have them now."""
    return {path: filled(path.read_text(), path.stem) for path in sorted((RULES / "kinds").glob("*.yml"))}


def filled(text: str, kind: str) -> str:
    """Return the text of a kind's rule file with the annotations that are written from the sources."""

    def written(match: re.Match[str]) -> str:
        indent, name, suffix = match.groups()
        language = "zh" if suffix else "en"
        said = action(kind, language) if name == "action" else cause(language)
        # A fold is a blank, which Chinese has none of, and no place in the middle of a template.
        lines = said.split("\n")
        if name == "action" and language == "en":
            lines = textwrap.wrap(said, WIDTH, break_on_hyphens=False)
        return f"{indent}{name}{suffix or ''}: >-\n" + "".join(f"{indent}  {line}\n" for line in lines)

    return _ANNOTATION.sub(written, text)


def action(kind: str, language: str) -> str:
    """Return what to do about many anomalies of a kind, whatever their cause; what must not be done comes last."""
    return GLUE[language].join(_many(read_document(shipped(ACTIONS_FILE))["kinds"][kind], language))


def cause(language: str) -> str:
    """Return a template that tells the cause said most in the last 10 minutes, how often, and what it asks for."""
    names = read_document(shipped(DIAGNOSIS_FILE))["causes"]
    steps = read_document(shipped(ACTIONS_FILE))["causes"]
    lines = [*HEAD, COUNTED[language]]
    for number, name in enumerate(CAUSES):
        word = "else if" if number else "if"
        said = (
            GLUE[language] + names[name][language] + STOP[language] + GLUE[language].join(_many(steps[name], language))
        )
        lines.append(f'{{{{- {word} eq .Labels.cause "{name}" }}}}{said}')
    lines.append(f"{{{{- end }}}}{{{{ else }}}}{NONE_YET[language]}{{{{ end }}}}")
    return "\n".join(lines)


def _many(rows: list[dict[str, Any]], language: str) -> list[str]:
    """Return the steps as they are said of many vouchers at once; a step that only names one voucher is left out."""
    ordered = sorted(rows, key=lambda row: ORDER.index(row["sort"]))
    said = [row.get("many", row)[language] for row in ordered]
    return [text for text in said if "{" not in text]
