"""What settings must satisfy together: each check adds one sentence for each fault it finds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from streams.settings.declarations import SASL_PROTOCOLS, TLS_PROTOCOLS, Settings
from streams.settings.durations import format_duration
from streams.settings.robots import is_loopback

if TYPE_CHECKING:
    from collections.abc import Callable, Collection


def cross_check(settings: Settings, faults: list[str], *, live: bool, refused: Collection[str] = ()) -> None:
    """Add a fault for every group of settings that do not go together.

    A check that looks at a setting in ``refused`` is left out: its value was at fault by itself, and
    the default in its place would be blamed for something that nobody wrote.
    """
    for check, keys, live_only in _CHECKS:
        if (live or not live_only) and not any(key in refused for key in keys):
            faults.extend(check(settings))


def _place(settings: Settings, key: str) -> str:
    """Return where a setting was written, for the beginning of a sentence."""
    below = (where for known, where in settings.origins.items() if known.startswith(f"{key}."))
    return settings.origins.get(key) or next(below, "default")


def _stall(settings: Settings) -> list[str]:
    """A stall must be seen before the first voucher is judged without its silent side."""
    narrow: dict[str, int] = {}
    for kind, window_ms in settings.pair_window_ms.items():
        if window_ms <= settings.stall_after_ms:
            own = f"pair_window.{kind}"
            # Kinds that follow one default are one fault.
            shared = "pair_window.default" if "pair_window.default" in settings.origins else "pair_window"
            narrow[own if own in settings.origins else shared] = window_ms
    stall = format_duration(settings.stall_after_ms)
    key = "stall_after" if set(narrow) - set(settings.origins) else ""
    if key:
        shortest = format_duration(min(settings.pair_window_ms.values()))
        limit = f"less than every pair_window, of which the shortest is {shortest}"
        change = "lower stall_after or widen pair_window."
        return [f"{_place(settings, key)}: stall_after is {stall}, but must be {limit}; {change}"]
    return [
        f"{_place(settings, key)}: {key} is {format_duration(window_ms)}, but must be more than stall_after, which is"
        f" {stall}; widen the window or lower stall_after."
        for key, window_ms in narrow.items()
    ]


def _sasl(settings: Settings) -> list[str]:
    """Passwords travel in clear only where SASL_PLAINTEXT was written by name."""
    protocol = settings.security_protocol
    named = [key for key in ("sasl_username", "sasl_password") if getattr(settings, key) is not None]
    if named and protocol not in SASL_PROTOCOLS:
        place = _place(settings, named[0])
        change = "set security_protocol: SASL_SSL (or SASL_PLAINTEXT, which sends the password without TLS)."
        return [f"{place}: {named[0]} is given, but security_protocol {protocol} does not log in; {change}"]
    if protocol not in SASL_PROTOCOLS:
        return []
    return [
        f"{_place(settings, 'security_protocol')}: security_protocol is {protocol}, but {key} is missing; set {key}."
        for key in ("sasl_username", "sasl_password")
        if key not in named
    ]


def _tls(settings: Settings) -> list[str]:
    """Certificates without TLS would be left aside in silence; a certificate needs its key."""
    keys = ("ssl_cafile", "ssl_certfile", "ssl_keyfile", "ssl_key_password")
    faults = []
    if settings.security_protocol not in TLS_PROTOCOLS:
        faults += [
            f"{_place(settings, key)}: {key} is given, but security_protocol {settings.security_protocol} uses no TLS;"
            f" set security_protocol: {'SASL_SSL' if settings.security_protocol in SASL_PROTOCOLS else 'SSL'}."
            for key in keys
            if getattr(settings, key) is not None
        ]
    for key in keys[:3]:
        path = getattr(settings, key)
        if path is not None and not path.is_file():
            faults.append(
                f"{_place(settings, key)}: {key} is {path}, which is not a file; write the path of a PEM file."
            )
    if (settings.ssl_certfile is None) != (settings.ssl_keyfile is None):
        given, missing = (
            ("ssl_certfile", "ssl_keyfile") if settings.ssl_keyfile is None else ("ssl_keyfile", "ssl_certfile")
        )
        faults.append(f"{_place(settings, given)}: {given} is given without {missing}; set both or neither.")
    return faults


def _topics(settings: Settings) -> list[str]:
    """Five topics need five names: an output that is also an input would feed itself."""
    names: dict[str, str] = {}
    faults = []
    for role in ("terminal", "host", "anomalies", "deadletter", "control"):
        name = getattr(settings, f"topic_{role}")
        if name in names:
            faults.append(
                f"{_place(settings, f'topics.{role}')}: topics.{role} is {name}, and so is topics.{names[name]};"
                " give each its own topic."
            )
        names.setdefault(name, role)
    return faults


def _relay_exposed(settings: Settings) -> list[str]:
    """Whoever reaches the relay can write into the groups, so beyond this machine it asks for a proof."""
    if is_loopback(settings.relay_host) or settings.relay_token or settings.relay_signing_key:
        return []
    change = "set relay.token_file, or relay.host: 127.0.0.1."
    place = _place(settings, "relay.host")
    lacks = "which others can reach, but there is neither relay.token nor relay.signing_key"
    return [f"{place}: relay.host is {settings.relay_host}, {lacks}; {change}"]


def _relay_direct(settings: Settings) -> list[str]:
    """Anomalies are posted to somebody, and somebody asks for them, or neither."""
    wanted, peers = bool(settings.relay_direct_thresholds), bool(settings.relay_alertmanagers)
    if wanted == peers:
        return []
    given, missing = ("relay.direct_thresholds", "relay.alertmanagers")[:: 1 if wanted else -1]
    return [f"{_place(settings, given)}: {given} is given without {missing}; set both or neither."]


_CHECKS: tuple[tuple[Callable[[Settings], list[str]], tuple[str, ...], bool], ...] = (
    (_stall, ("pair_window", "stall_after"), True),
    (_sasl, ("security_protocol", "sasl_username", "sasl_password"), False),
    (_tls, ("security_protocol", "ssl_cafile", "ssl_certfile", "ssl_keyfile", "ssl_key_password"), False),
    (_topics, ("topics.terminal", "topics.host", "topics.anomalies", "topics.deadletter", "topics.control"), False),
    (_relay_exposed, ("relay.host", "relay.token", "relay.signing_key"), False),
    (_relay_direct, ("relay.direct_thresholds", "relay.alertmanagers"), False),
)
"""Each check, the settings it looks at, and whether it concerns a live stream alone."""
