"""A mail as it reads, whole and golden; refresh it with ``REFRESH_GOLDEN=1``."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from streams.shipped import shipped
from tests.operations.texts import golden

if TYPE_CHECKING:
    from tests.operations.programs import Programs

GOLDEN = Path(__file__).with_name("mail.golden.txt")
TEMPLATES = shipped("config/alertmanager/templates")
SINCE = "2026-03-02T15:12:30Z"
ENDED = "2026-03-02T15:40:00Z"


def notification(status: str, *names: str) -> dict[str, Any]:
    """Return what Alertmanager hands to a template: these alerts, most urgent first, with their golden texts."""
    return {
        "receiver": "mail-payments",
        "status": status,
        "groupLabels": {"alertname": names[0]},
        "commonLabels": {},
        "commonAnnotations": {},
        "externalURL": "http://127.0.0.1:9093",
        "alerts": [
            {
                "status": status,
                "labels": {"alertname": name, **golden()[name][0]["labels"]},
                "annotations": golden()[name][0]["annotations"],
                "startsAt": SINCE,
                "endsAt": ENDED,
                "generatorURL": "http://127.0.0.1:9090",
                "fingerprint": "0",
            }
            for name in names
        ],
    }


def rendered(programs: Programs, template: str, said: dict[str, Any], folder: Path) -> str:
    """Return what amtool makes of a template."""
    (folder / "said.json").write_text(json.dumps(said))
    command = [
        str(programs.amtool),
        "template",
        "render",
        f"--template.glob={TEMPLATES}/*.tmpl",
        f'--template.text={{{{ template "{template}" . }}}}',
        f"--template.type={'html' if template.endswith('html') else 'text'}",
        f"--template.data={folder / 'said.json'}",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_mail_reads_as_the_golden_one(programs: Programs, tmp_path: Path) -> None:
    """Subject, text and HTML of a fault and of its end, in both languages, with money, reach and what to do."""
    parts = []
    for status in ("firing", "resolved"):
        said = notification(status, "VoucherwatchOrphanTerminal")
        parts += [
            f"==== {status}: {template}\n{rendered(programs, template, said, tmp_path).strip()}\n"
            for template in ("voucherwatch.subject", "voucherwatch.text", "voucherwatch.html")
        ]
    text = "\n".join(parts)
    if os.environ.get("REFRESH_GOLDEN"):
        GOLDEN.write_text(text)
    assert text == GOLDEN.read_text()


@pytest.mark.parametrize("name", sorted(golden()))
def test_every_alert_leaves_no_gap(name: str) -> None:
    """What the templates take from an alert is there: they would print an empty line, not an error."""
    for alert in golden()[name]:
        for part in ("summary", "description", "action"):
            assert alert["annotations"][part].strip()
            assert alert["annotations"][f"{part}_zh"].strip()


def test_what_a_message_says_cannot_become_markup(programs: Programs, tmp_path: Path) -> None:
    """The HTML part escapes what labels bring along, such as the name of a link."""
    said = notification("firing", "VoucherwatchOrphanTerminal")
    said["alerts"][0]["annotations"] = said["alerts"][0]["annotations"] | {"reach_zh": "<script>north</script>"}
    html = rendered(programs, "voucherwatch.html", said, tmp_path)
    assert "<script>" not in html
    assert "&lt;script&gt;north" in html


def test_two_alerts_are_counted_in_the_subject(programs: Programs, tmp_path: Path) -> None:
    """The subject names the first and says how many there are."""
    said = notification("firing", "VoucherwatchLagging", "VoucherwatchDown")
    subject = rendered(programs, "voucherwatch.subject", said, tmp_path).strip()
    assert subject == "[严重 critical ×2] 读取滞后 / Reading falls behind"  # noqa: RUF001 - the sign is meant
