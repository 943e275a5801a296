"""The two settings of the relay with names of the customer's own: chat robots and thresholds by currency."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Final, TypeVar
from urllib.parse import urlsplit

from streams.core.currency import KNOWN, major, minor_units
from streams.settings.kinds import Choice, Kind, Refused, Text, Whole, nearest, refuse_unknown
from streams.settings.secrets import HIDDEN, secret_node
from streams.settings.tree import Branch, Leaf, Node

MOST_ROBOTS: Final = 20
"""Robots are values of a metric label, and a label must stay small."""
VENDORS: Final = ("wecom", "dingtalk", "feishu")
LANGUAGES: Final = ("zh", "en", "both")
MOST_A_MINUTE: Final = 20
"""What WeCom and DingTalk take from one robot in a minute."""

LARGEST_AMOUNT: Final = 10**15
"""Minor units of a threshold."""

_SECRETS: Final = ("url", "secret")
_OF_A_ROBOT: Final = ("vendor", "url", "url_file", "secret", "secret_file", "language", "keyword", "per_minute")

_KEYWORD: Final = Text(pattern=r".{1,40}", limit="1 to 40 characters", change="write the robot's keyword")

T = TypeVar("T")


def is_loopback(host: str) -> bool:
    """Tell whether a host name or address can be reached from this machine alone."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


@dataclass(frozen=True, slots=True)
class Robot:
    """One group robot; its address and secret never appear in a log, a fault or ``config show``."""

    name: str
    vendor: str
    url: str = field(repr=False)
    secret: str | None = field(default=None, repr=False)
    language: str = "zh"
    keyword: str | None = None
    per_minute: int = MOST_A_MINUTE


@dataclass(frozen=True)
class _RobotAddress(Text):
    """The robot's address: TLS, or this machine."""

    secret: bool = True
    limit: str = "an https:// address (http:// only on this machine)"
    change: str = "copy it from the robot's page in the group"

    def convert(self, value: object, leaf: Leaf) -> str:
        """Return the address without blanks around it."""
        text = super().convert(value, leaf).strip()
        try:
            parts = urlsplit(text)
            host = parts.hostname or ""
        except ValueError:
            host, parts = "", urlsplit("")
        if not host or not (parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host))):
            raise Refused(self.limit, self.change)
        return text


@dataclass(frozen=True)
class Robots(Kind[Mapping[str, Robot]]):
    """Chat robots by name."""

    title = "robots by name"

    @property
    def constraint(self) -> str:
        """The limits in words."""
        return (
            f"at most {MOST_ROBOTS} names of 1 to 32 letters, digits, underscores and hyphens; below each: vendor"
            f" ({', '.join(VENDORS)}), url or url_file, secret or secret_file, language ({', '.join(LANGUAGES)}),"
            f" keyword, per_minute (1 to {MOST_A_MINUTE})"
        )

    def read(self, node: Node, name: str, faults: list[str]) -> Mapping[str, Robot] | None:
        """Return the robots in the order of the file."""
        node = node.opened()
        if isinstance(node, Leaf):
            faults.append(f"{node.where}: {name} must hold robots by name; write {name}: {{NAME: {{vendor: ...}}}}.")
            return None
        before = len(faults)
        found: dict[str, Robot] = {}
        for robot, child in node.children.items():
            if re.fullmatch(r"[A-Za-z0-9_-]{1,32}", robot) is None:
                faults.append(
                    f"{child.where}: {name} has a robot called {robot!r}, but a name is 1 to 32 letters, digits,"
                    " underscores and hyphens; rename it."
                )
            read = _read_robot(child, robot, f"{name}.{robot}", faults)
            if read is not None:
                found[robot] = read
        if len(node.children) > MOST_ROBOTS:
            faults.append(
                f"{node.where}: {name} names {len(node.children)} robots, but at most {MOST_ROBOTS} can be told apart"
                " in metrics; remove some."
            )
        return found if len(faults) == before else None

    def plain(self, value: Mapping[str, Robot]) -> object:
        """Return what was said for each robot, address and secret hidden."""
        return {name: _plain_robot(robot) for name, robot in value.items()}


def _plain_robot(robot: Robot) -> dict[str, object]:
    """Return the settings of one robot as YAML would hold them."""
    plain: dict[str, object] = {"vendor": robot.vendor, "url": HIDDEN}
    if robot.secret is not None:
        plain["secret"] = HIDDEN
    plain["language"] = robot.language
    if robot.keyword is not None:
        plain["keyword"] = robot.keyword
    plain["per_minute"] = robot.per_minute
    return plain


def _read_robot(node: Node, robot: str, name: str, faults: list[str]) -> Robot | None:
    """Return one robot, or None with what is wrong or missing among the faults."""
    node = node.opened()
    if isinstance(node, Leaf):
        faults.append(f"{node.where}: {name} must hold settings; write vendor: and url_file: below it.")
        return None
    before = len(faults)
    taken = {key: node.take(key) for key in _OF_A_ROBOT}
    refuse_unknown(node, f"{name}.", _OF_A_ROBOT, faults)
    for key in _SECRETS:
        taken[key] = secret_node(f"{name}.{key}", taken[key], taken[f"{key}_file"], faults)
    for key, change in (("vendor", f"write one of {', '.join(VENDORS)}"), ("url", f"set {name}.url_file")):
        if taken[key] is None and taken.get(f"{key}_file") is None:
            faults.append(f"{node.where}: {name} has no {key}; {change}.")

    def value(key: str, kind: Kind[T], default: T) -> T:
        at = taken[key]
        read = None if at is None else kind.read(at, f"{name}.{key}", faults)
        return default if read is None else read

    read = Robot(
        robot,
        value("vendor", Choice(VENDORS), ""),
        value("url", _RobotAddress(), ""),
        value("secret", Text(secret=True), "") or None,
        value("language", Choice(LANGUAGES), "zh"),
        value("keyword", _KEYWORD, "") or None,
        value("per_minute", Whole(1, MOST_A_MINUTE), MOST_A_MINUTE),
    )
    return read if len(faults) == before else None


@dataclass(frozen=True)
class Thresholds(Kind[Mapping[str, int]]):
    """An amount for each currency, written in major units and held in minor units."""

    title = "amounts by currency"

    @property
    def constraint(self) -> str:
        """The form."""
        return "ISO 4217 letters and an amount above 0 in major units, such as {CNY: 5000}"

    def read(self, node: Node, name: str, faults: list[str]) -> Mapping[str, int] | None:
        """Return currency -> minor units."""
        node = node.opened()
        if isinstance(node, Leaf):
            faults.append(f"{node.where}: {name} is {node.value}, but must hold amounts; write {name}: {{CNY: 5000}}.")
            return None
        before = len(faults)
        found: dict[str, int] = {}
        for currency, child in node.children.items():
            if currency not in KNOWN:
                near = nearest(currency.upper(), sorted(KNOWN)) or "CNY"
                faults.append(f"{child.where}: {name}.{currency} is no ISO 4217 currency; did you mean {near}?")
                continue
            amount = None if isinstance(child, Branch) else _minor(child.resolved(), currency)
            if amount is None:
                faults.append(
                    f"{child.where}: {name}.{currency} must be an amount above 0 with at most {minor_units(currency)}"
                    " decimals; write it in major units, such as 5000."
                )
                continue
            found[currency] = amount
        return found if len(faults) == before else None

    def plain(self, value: Mapping[str, int]) -> object:
        """Return the amounts in major units as text."""
        return {currency: major(amount, currency) for currency, amount in value.items()}


def _minor(value: object, currency: str) -> int | None:
    """Return minor units of an amount in major units, None for what is none."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        scaled = Decimal(str(value)).scaleb(minor_units(currency))
        fits = 0 < scaled <= LARGEST_AMOUNT
    except InvalidOperation:
        return None
    return int(scaled) if fits and scaled == int(scaled) else None
