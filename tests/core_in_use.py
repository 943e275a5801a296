"""Which core the tests of this process run on: interpreted, unless ``VOUCHERWATCH_TEST_COMPILED=1``.

A test may replace a part of an interpreted core.  Workers and commands that a test starts use the
compiled one where there is one, as they do for users.
"""

from __future__ import annotations

import os

_compiled = os.environ.get("VOUCHERWATCH_TEST_COMPILED") == "1"
if not _compiled:
    os.environ["VOUCHERWATCH_INTERPRETED"] = "1"

from streams.core import COMPILED as COMPILED  # noqa: E402, PLC0414  after the choice that it reads; handed on
from streams.core import INTERPRETED_VARIABLE  # noqa: E402  as above

os.environ.pop(INTERPRETED_VARIABLE, None)
if COMPILED is not _compiled:
    message = "the compiled core is asked for, but there is none for this Python and these sources: make setup"
    raise RuntimeError(message)
