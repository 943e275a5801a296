"""The configuration: one YAML file, environment variables and ``--set``, checked as a whole.

``load_settings`` returns ``Settings`` or raises one error with every fault; ``Settings.policy()`` is
what the core takes.  ``python -m streams.settings`` writes the reference page.
"""

from streams.settings.codes import ResponseCode, read_codes, shipped_codes
from streams.settings.connection import kafka_python_options, quiet_client
from streams.settings.declarations import SASL_PROTOCOLS, TLS_PROTOCOLS, Settings, declared
from streams.settings.declaring import Setting
from streams.settings.dialects import load_dialect, shipped_dialects
from streams.settings.durations import format_duration, parse_duration
from streams.settings.links import LinkSettings
from streams.settings.loading import CONFIG_VARIABLE, load_settings

__all__ = [
    "CONFIG_VARIABLE",
    "SASL_PROTOCOLS",
    "TLS_PROTOCOLS",
    "LinkSettings",
    "ResponseCode",
    "Setting",
    "Settings",
    "declared",
    "format_duration",
    "kafka_python_options",
    "load_dialect",
    "load_settings",
    "parse_duration",
    "quiet_client",
    "read_codes",
    "shipped_codes",
    "shipped_dialects",
]
