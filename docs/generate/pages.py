"""Which pages and blocks are generated, and from what.

A block stands in a handwritten page between ``<!-- generated: NAME -->`` and ``<!-- end of NAME -->``;
what is between the two belongs to the code.
"""

# ruff: noqa: RUF001  Chinese text has full-width punctuation

from __future__ import annotations

import ast
import re
import runpy
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from dashboards.source.listing import panels, read_all
from docs.generate import alerts, diagnoses, examples, flow, metrics, next_steps
from streams.core.anomaly import KINDS
from streams.core.lane import Lane
from streams.core.wire import REASONS
from streams.errors import ExitCode
from streams.settings.diagnosis import ACTIONS_FILE, DIAGNOSIS_FILE, in_force
from streams.settings.documents import read_document
from streams.shipped import shipped

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT: Final = Path(__file__).resolve().parents[2]
DOCS: Final = ROOT / "docs"
NO_CAUSES: Final = ("source_stalled", "partitioning_fault")
"""Kinds about a feed, which are their own cause."""
SHOWN_CAUSES: Final = 6
_BLOCK: Final = re.compile(r"(<!-- generated: (\S+)(?: (\S+))? -->\n).*?(<!-- end of \2 -->)", re.DOTALL)


def generated() -> dict[Path, str]:
    """Return path and text of everything that is generated, whole pages and pages with blocks."""
    found = {
        DOCS / "metrics.md": metrics.page(),
        DOCS / "alerts.md": alerts.page(),
        DOCS / "images" / "flow.svg": flow.picture(),
        **next_steps.rule_files(),
    }
    for path in (ROOT / "README.md", ROOT / "README.zh.md", *sorted(DOCS.rglob("*.md"))):
        text = path.read_text() if path.is_file() else ""
        if _BLOCK.search(text):
            found[path] = _BLOCK.sub(_filled, text)
    return found


def _filled(match: re.Match[str]) -> str:
    head, name, about, foot = match.groups()
    body = BLOCKS[name](about or "").strip()
    return f"{head}\n{body}\n\n{foot}" if body else f"{head}{foot}"


def _facts(kind: str) -> str:
    """Return what the table of kinds says of one kind."""
    row = KINDS[kind]
    lines = [
        ("severity", row.severity),
        ("amount at risk", row.amount),
        ("resolved as", ", ".join(f"`{name}`" for name in row.resolutions) or "never resolved; it expires"),
        ("what ends it", row.recovery),
        ("enters the id", row.identity),
    ]
    return "\n".join(["| fact | |", "|---|---|", *(f"| {name} | {what} |" for name, what in lines)])


def _record(kind: str) -> str:
    """Return the record that an example leads to, or that there is none and what stands in for it."""
    found = examples.record(kind)
    if found:
        return f"```json\n{found}\n```"
    return (
        "This release does not publish a record of this kind yet: the metrics and log lines above are how you see it.\n"
        "本版本尚不发布此类记录：请以上述指标和日志为准。"
    )


def _kinds(folder: str) -> str:
    """Return the table of all kinds with links to their pages."""
    rows = [
        f"| [`{kind}`]({folder}{kind}.md) | {row.severity} | {row.amount} | {row.recovery} |"
        for kind, row in KINDS.items()
    ]
    return "\n".join(["| kind | severity | amount at risk | over when |", "|---|---|---|---|", *rows])


def _modules(package: str) -> str:
    """Return every module of a package with the first line of its docstring."""
    rows = []
    for path in sorted((ROOT / "streams" / package).rglob("*.py")):
        first = (ast.get_docstring(ast.parse(path.read_text())) or "").split("\n\n")[0].replace("\n", " ")
        name = path.relative_to(ROOT / "streams" / package)
        rows.append(f"| `{name}` | {first.replace('``', '`').replace('|', chr(92) + '|')} |")
    return "\n".join(["| file | what it is |", "|---|---|", *rows])


def _top(_: str) -> str:
    """Return the modules that stand at the top of the package."""
    rows = []
    for path in sorted((ROOT / "streams").glob("*.py")):
        first = (ast.get_docstring(ast.parse(path.read_text())) or "").split("\n\n")[0].replace("\n", " ")
        rows.append(f"| `{path.name}` | {first.replace('``', '`')} |")
    return "\n".join(["| file | what it is |", "|---|---|", *rows])


def _panels(name: str) -> str:
    """Return every panel of a dashboard with what it says of itself in English."""
    rows = []
    for panel in panels(read_all()[name]):
        english = panel["description"].partition("\n")[0]
        rows.append(f"| {panel['title']} | {english} |")
    return "\n".join(["| panel | what it says |", "|---|---|", *rows])


def _decisions(_: str) -> str:
    """Return the readings that the oracle of the simulation tests holds the product to."""
    source = runpy.run_path(str(ROOT / "tests" / "simulation" / "oracle_decisions.py"))
    return "\n".join(f"- {sentence}" for sentence in source["DECISIONS"])


def _exit_codes(_: str) -> str:
    """Return the exit codes with what they mean, from the enumeration's own words."""
    tree = ast.parse((ROOT / "streams" / "errors.py").read_text())
    body = next(node.body for node in tree.body if isinstance(node, ast.ClassDef) and node.name == "ExitCode")
    said = [str(ast.literal_eval(node.value)) for node in body[1:] if isinstance(node, ast.Expr)]
    rows = [f"| {code.value} | {meaning} |" for code, meaning in zip(ExitCode, said, strict=True)]
    return "\n".join(["| code | meaning |", "|---|---|", *rows])


def _unfinished(_: str) -> str:
    """Return what is declared or documented but not yet done by the code; a remark alone where nothing is."""
    core = "".join(path.read_text() for path in (ROOT / "streams" / "core").rglob("*.py") if path.name != "policy.py")
    checks = {
        "a worker cannot go on from an earlier one: where its group has commits it ends with 5 at the start": hasattr(
            Lane, "restore"
        ),
        "`source_stalled` and `partitioning_fault` are not published as records; verdicts are held all the same": (
            all(examples.record(kind) for kind in examples.LIVE)
        ),
        "`max_open_anomalies` is declared, but nothing is done at this limit": "max_open_anomalies" in core,
    }
    return "\n".join(f"- {sentence};" for sentence, done in checks.items() if not done)


def _story(cause: str) -> str:
    """Return a night as on-call staff read it."""
    return f"```text\n{diagnoses.story(cause)}\n```"


def _causes(_: str) -> str:
    """Return the table of causes with their priors."""
    document = read_document(shipped(DIAGNOSIS_FILE))
    rows = [
        f"| `{cause}` | {row['en']} / {row['zh']} | {row['prior']['hand']} | {row['prior'].get('fitted', '')} |"
        for cause, row in document["causes"].items()
    ]
    return "\n".join(["| cause | name / 名称 | prior, by hand | fitted |", "|---|---|---|---|", *rows])


def _evidence(_: str) -> str:
    """Return the table of all pieces of evidence with the weights in force, the strongest first."""
    document = read_document(shipped(DIAGNOSIS_FILE))
    rows = []
    for piece, row in document["evidence"].items():
        weights = sorted(((in_force(weight), cause) for cause, weight in row["weights"].items()), reverse=True)
        shown = ", ".join(f"{cause} {weight:+.2f}" for weight, cause in weights)
        rows.append(f"| `{piece}` | {row['en']} / {row['zh']} | {shown} |")
    return "\n".join(["| piece | what it says / 含义 | log-odds in force |", "|---|---|---|", *rows])


def _provenance(_: str) -> str:
    """Return how the weights came about."""
    told = read_document(shipped(DIAGNOSIS_FILE))["provenance"]
    return "\n".join(f"- {name}: {value}" for name, value in told.items() if name != "mixes")


def _steps(kind: str) -> str:
    """Return what to do for a kind and its likeliest causes, from the file that records take them from."""
    steps, model = read_document(shipped(ACTIONS_FILE)), read_document(shipped(DIAGNOSIS_FILE))
    lines = [f"- **{row['who']}, {row['sort']}:** {row['en']} {row['zh']}" for row in steps["kinds"][kind]]
    weights = model["evidence"][f"kind_{kind}"]["weights"]
    if kind in NO_CAUSES:
        return "\n".join(lines)
    points = {
        cause: in_force(row["prior"]) + (in_force(weights[cause]) if cause in weights else 0.0)
        for cause, row in model["causes"].items()
    }
    likeliest = sorted(points, key=lambda cause: -points[cause])[:SHOWN_CAUSES]
    lines += ["", "| and where the cause is / 原因为 | |", "|---|---|"]
    return "\n".join([*lines, *(_of_cause(cause, steps, model) for cause in likeliest)])


def _of_cause(cause: str, steps: dict[str, Any], model: dict[str, Any]) -> str:
    """Return a row of a table: a cause and what it asks for."""
    name = model["causes"][cause]
    said = "<br>".join(f"**{row['who']}, {row['sort']}:** {row['en']} {row['zh']}" for row in steps["causes"][cause])
    return f"| `{cause}` {name['en']} / {name['zh']} | {said} |"


def _steps_of_causes(_: str) -> str:
    """Return what every cause asks for."""
    steps, model = read_document(shipped(ACTIONS_FILE)), read_document(shipped(DIAGNOSIS_FILE))
    rows = [_of_cause(cause, steps, model) for cause in model["causes"]]
    return "\n".join(["| cause / 原因 | next steps / 下一步 |", "|---|---|", *rows])


def _reasons(_: str) -> str:
    """Return the closed list of reasons in the order in which they are judged."""
    return ", ".join(f"`{reason}`" for reason in REASONS) + "."


BLOCKS: Final[dict[str, Callable[[str], str]]] = {
    "facts": _facts,
    "record": _record,
    "kinds": _kinds,
    "modules": _modules,
    "top": _top,
    "decisions": _decisions,
    "panels": _panels,
    "exit-codes": _exit_codes,
    "reasons": _reasons,
    "story": _story,
    "causes": _causes,
    "evidence": _evidence,
    "provenance": _provenance,
    "steps": _steps,
    "steps-of-causes": _steps_of_causes,
    "unfinished": _unfinished,
}
"""Name of a block -> what fills it, given the word after the name."""
