"""The compiled core: used where it fits this Python and these sources, and nowhere else."""

from __future__ import annotations

import os
import runpy
import shutil
import subprocess
import sys
from pathlib import Path

import streams.core
from tests.contracts.repository import ROOT

CORE = ROOT / "streams" / "core"
COMPILED = CORE / "_compiled"
ASK = "import streams.core as core, streams.core.lane as lane; print(core.COMPILED, lane.__file__)"


def asked(**environment: str) -> tuple[str, Path]:
    """Return what a fresh process says: whether the compiled core is used, and where ``lane`` came from."""
    env = {name: text for name, text in os.environ.items() if not name.startswith("VOUCHERWATCH_")} | environment
    said = subprocess.run([sys.executable, "-c", ASK], cwd=ROOT, env=env, capture_output=True, check=True, text=True)
    used, _, file = said.stdout.strip().partition(" ")
    return used, Path(file)


def test_a_process_takes_the_compiled_core_where_it_fits() -> None:
    """Without a word said, and the sources where there is none."""
    fits = streams.core.fits(COMPILED)
    used, file = asked()
    assert used == str(fits)
    assert file.parent == (COMPILED if fits else CORE)


def test_a_process_can_be_told_to_interpret() -> None:
    """To debug, and for tests that replace a part of the core."""
    assert asked(VOUCHERWATCH_INTERPRETED="1") == ("False", CORE / "lane.py")


def test_what_was_compiled_from_other_sources_is_not_used(tmp_path: Path) -> None:
    """One changed sign in one module is enough; so is a folder that was never finished."""
    assert not streams.core.fits(tmp_path)
    shutil.copytree(CORE, tmp_path / "core", ignore=shutil.ignore_patterns("_compiled", "__pycache__"))
    assert streams.core.digest_of(tmp_path / "core") == streams.core.digest_of(CORE)
    changed = tmp_path / "core" / "timers.py"
    changed.write_text(changed.read_text() + "\n")
    assert streams.core.digest_of(tmp_path / "core") != streams.core.digest_of(CORE)
    if streams.core.fits(COMPILED):
        shutil.copytree(COMPILED, tmp_path / "compiled")
        assert streams.core.fits(tmp_path / "compiled")
        (tmp_path / "compiled" / "DIGEST").write_text(streams.core.digest_of(tmp_path / "core"))
        assert not streams.core.fits(tmp_path / "compiled")


def test_every_module_left_interpreted_is_there() -> None:
    """The list of what is not compiled names modules of today."""
    interpreted = runpy.run_path(str(ROOT / ".ci" / "compile_core.py"))["INTERPRETED"]
    parts = ("", *streams.core.COMPILED_PARTS)
    sources = [path for part in parts for form in ("*.py", "*.pyx") for path in (CORE / part).glob(form)]
    modules = {str(path.relative_to(CORE).with_suffix("")) for path in sources}
    assert interpreted.keys() - modules == set()
    if streams.core.fits(COMPILED):
        libraries = [str(path.relative_to(COMPILED)) for path in COMPILED.rglob("*.so")]
        assert {name.partition(".")[0] for name in libraries} - {
            "voucherwatch_core__mypyc"
        } == modules - interpreted.keys()


def test_where_all_is_required_the_core_is_compiled() -> None:
    """``make test`` compiles first; a core that silently stayed slow would be noticed here."""
    assert streams.core.fits(COMPILED) or os.environ.get("VOUCHERWATCH_REQUIRE_ALL") != "1"
