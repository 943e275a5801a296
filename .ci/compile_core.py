# ruff: noqa: INP001  a program that is run by path
"""Compile the core: the Python sources by mypyc, ``packed.pyx`` by Cython; several times as fast as interpreted.

``python .ci/compile_core.py`` writes ``streams/core/_compiled``; without a C compiler it says so and
leaves the core interpreted, which decides the same.  As hatchling's build hook it puts the folder
into the wheel where ``VOUCHERWATCH_COMPILE=1`` is set, as in the Dockerfile.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parent.parent
CORE: Final = ROOT / "streams" / "core"
COMPILED: Final = CORE / "_compiled"

INTERPRETED: Final = {
    "__init__": "it decides whether the compiled modules are used",
    "wire": "msgspec's classes are built in C already, and mypyc cannot compile them",
    "policy": "dataclasses that look at their annotations at run time",
    "cut": "as policy",
    "restart": "as policy; runs once a start",
    "anomaly": "as policy; runs once an anomaly",
    "judge": "the exact way for the few records that are not usual",
    "fields": "as judge",
    "diagnosis/__init__": "as __init__",
    "diagnosis/calendar": "as policy",
    "diagnosis/model": "as policy",
    "fact": "as wire",
}
"""Modules of the core that stay as they are, each with its reason."""


def main(arguments: list[str]) -> int:
    """Compile unless it was done for these very sources; with ``--require`` a failure ends with 1."""
    sys.path.insert(0, str(ROOT))
    os.environ["VOUCHERWATCH_INTERPRETED"] = "1"
    from streams.core import COMPILED_PARTS, digest_of, fits  # noqa: PLC0415  the sources beside this file, not what is installed

    if fits(COMPILED):
        return 0
    shutil.rmtree(COMPILED, ignore_errors=True)
    if reason := _missing():
        print(f"the core stays interpreted: {reason}")  # noqa: T201  this is a command
        return 1 if "--require" in arguments else 0
    print("compiling the core ...")  # noqa: T201  as above
    with tempfile.TemporaryDirectory(prefix="voucherwatch-compile-") as build:
        # In a process of its own: what mypyc and the compiler say is only of interest if they fail.
        command = [sys.executable, __file__, "--into", build]
        done = subprocess.run(  # noqa: S603  this very file
            command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, text=True
        )
        if done.returncode:
            print(done.stdout[-2_000:], "the core stays interpreted: it could not be compiled", sep="\n")  # noqa: T201  as above
            return 1 if "--require" in arguments else 0
        COMPILED.mkdir()
        for library in (Path(build) / "lib").rglob("*" + sysconfig.get_config_var("EXT_SUFFIX")):
            part = COMPILED / library.parent.name if library.parent.name in COMPILED_PARTS else COMPILED
            part.mkdir(exist_ok=True)
            shutil.copy2(library, part)
    (COMPILED / "DIGEST").write_text(digest_of(CORE))
    return 0


def _missing() -> str:
    """Return what this machine lacks to compile, in a few words, or nothing."""
    compiler = (sysconfig.get_config_var("CC") or "cc").split()[0]
    if shutil.which(compiler) is None:
        return f"no C compiler ({compiler}) is installed"
    if not (Path(sysconfig.get_paths()["include"]) / "Python.h").exists():
        return "the headers of this Python (python3-dev) are not installed"
    return ""


def compile_into(build: Path) -> None:
    """Let mypyc and Cython write C and setuptools compile it: one shared library, and a small one for each module.

    The project's folder has to be the current one, since mypyc names modules by their paths.
    """
    from Cython.Build import cythonize  # noqa: PLC0415  of the development dependencies
    from mypyc.build import mypycify  # noqa: PLC0415  as above
    from setuptools import Distribution, Extension  # noqa: PLC0415  as above

    sys.path.insert(0, str(ROOT))
    from streams.core import COMPILED_PARTS  # noqa: PLC0415  as above

    paths = [path for part in ("", *COMPILED_PARTS) for path in (CORE / part).glob("*.py")]
    names = sorted(str(path.relative_to(CORE).with_suffix("")) for path in paths)
    names = [name for name in names if name not in INTERPRETED]
    extensions = mypycify(
        ["--config-file", os.devnull, "--ignore-missing-imports", *(f"streams/core/{name}.py" for name in names)],
        opt_level="3",
        group_name="voucherwatch_core",
        target_dir=str(build / "c"),
    )
    packed = cythonize(
        [Extension("streams.core.packed", ["streams/core/packed.pyx"], extra_compile_args=["-O3"])],
        build_dir=str(build / "c"),
        language_level=3,
        quiet=True,
    )
    extensions = [*extensions, *packed]
    command: Any = Distribution({"name": "voucherwatch-core", "ext_modules": extensions}).get_command_obj("build_ext")
    command.build_lib, command.build_temp = str(build / "lib"), str(build / "temp")
    command.ensure_finalized()
    command.run()


if __name__ != "__main__":
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface

    class CompiledCore(BuildHookInterface):  # type: ignore[type-arg]  # generic in its configuration, which is not used
        """Puts the compiled core into a wheel."""

        def initialize(self, version: str, build_data: dict[str, Any]) -> None:
            """Compile first; the wheel is then one for this Python and platform."""
            if version != "standard" or os.environ.get("VOUCHERWATCH_COMPILE") != "1":
                return
            subprocess.run([sys.executable, __file__, "--require"], check=True)  # noqa: S603  this very file
            build_data["pure_python"] = False
            build_data["infer_tag"] = True
            build_data["artifacts"] += ["/streams/core/_compiled/*"]


if __name__ == "__main__":
    if sys.argv[1:2] == ["--into"]:
        compile_into(Path(sys.argv[2]))
    else:
        sys.exit(main(sys.argv[1:]))
