"""The leash passes a program on unchanged and refuses to start an orphan."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from streams.embedded.leash import leashed


def test_the_program_gets_its_arguments_and_exit_code_unchanged() -> None:
    """The leash turns into the program: same process, same arguments, same end."""
    program = "import os, sys; print(os.getpid(), *sys.argv[1:]); sys.exit(7)"
    command = leashed([sys.executable, "-c", program, "a b", "--flag", ""])
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        said, _ = process.communicate(timeout=30)
    assert said == f"{process.pid} a b --flag \n"
    assert process.returncode == 7


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process that its parent died")
def test_a_program_whose_starter_is_already_gone_is_not_started() -> None:
    """The parent may die before the kernel is asked; then its number no longer fits."""
    command = leashed([sys.executable, "-c", "print('started')"])
    command[command.index(str(os.getpid()))] = "1"
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=30)
    assert done.stdout == ""
