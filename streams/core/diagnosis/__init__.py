"""Why an anomaly is there: what can be known about its cause from the feeds, pure and without a clock."""

from __future__ import annotations

from streams.core import COMPILED

if COMPILED:
    # Beside the compiled modules of the core, and found before the sources as they are.
    __path__.insert(0, __path__[0].removesuffix("diagnosis") + "_compiled/diagnosis")
