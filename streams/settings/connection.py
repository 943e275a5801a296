"""How kafka-python's clients reach the brokers that the settings name."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from streams.settings.declarations import Settings


def kafka_python_options(settings: Settings) -> dict[str, Any]:
    """Return the keyword arguments that admin, consumer and producer clients of kafka-python share.

    The timeouts let a command give up after ``broker_timeout`` instead of the library's 30 s or more.
    """
    options: dict[str, Any] = {
        "bootstrap_servers": list(settings.bootstrap_servers),
        "security_protocol": settings.security_protocol,
        "bootstrap_timeout_ms": settings.broker_timeout_ms,
        "request_timeout_ms": max(settings.broker_timeout_ms, 1_000),
    }
    if settings.security_protocol in ("SASL_PLAINTEXT", "SASL_SSL"):
        options["sasl_mechanism"] = settings.sasl_mechanism
        options["sasl_plain_username"] = settings.sasl_username
        options["sasl_plain_password"] = settings.sasl_password
    for option, path in (
        ("ssl_cafile", settings.ssl_cafile),
        ("ssl_certfile", settings.ssl_certfile),
        ("ssl_keyfile", settings.ssl_keyfile),
    ):
        if path is not None:
            options[option] = str(path)
    if settings.ssl_key_password is not None:
        options["ssl_password"] = settings.ssl_key_password
    return options


@contextmanager
def quiet_client() -> Iterator[None]:
    """Keep kafka-python from logging what becomes a sentence of ours."""
    log = logging.getLogger("kafka")
    level = log.level
    log.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        log.setLevel(level)
