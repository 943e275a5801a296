"""Dialects as data files: from YAML to the value that the core reads raw messages by."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import Any

from streams.core.dialects.dialect import EDITIONS, Dialect, FieldName, KindRow
from streams.core.policy import PLAIN_KINDS, TRANSACTION_KINDS
from streams.errors import ConfigurationError
from streams.settings.documents import read_document
from streams.shipped import shipped

JSON = "json"
FOLDER = "config/dialects"
_KEYS = {
    "title", "like", "edition", "original", "encoding", "header_bytes", "tpdu_bytes", "speaks", "kinds", "fields",
    "action_codes",
}  # fmt: skip
_CODINGS = {
    "digits": ("ascii", "bcd", "ebcdic"),
    "text": ("ascii", "ebcdic"),
    "lengths": ("ascii", "bcd", "binary", "ebcdic"),
    "binary": ("hex", "raw"),
    "bitmap": ("hex", "raw"),
}
# Latin-1 reads any byte: a field in another character set (GBK in fields 44 and 63) must not cost the message.
_CODECS = {"ascii": "latin-1", "ebcdic": "cp500", "bcd": "b", "binary": "b", "raw": "b", "hex": "latin-1"}
_LENGTH_CODECS = {"ascii": "latin-1", "ebcdic": "cp500", "bcd": "bcd", "binary": "b"}
_FORM = re.compile(r"(n|z|an|ans|b)(\.{2,3})?([1-9]\d{0,2})")
_ROW = {"class", "function", "processing", "condition", "kind", "asks", "offline"}
_MOST_LIKE = 5


@lru_cache(maxsize=1)
def shipped_dialects() -> tuple[str, ...]:
    """Return the names of the dialects that travel with the package."""
    return tuple(sorted(path.stem for path in shipped(FOLDER).glob("*.yaml")))


def load_dialect(name: str) -> Dialect | None:
    """Return the dialect of a shipped name or of the path of a YAML file; ``None`` for ``json``.

    Raises UnreachableError for a file that cannot be read and ConfigurationError with every fault of it.
    """
    return None if name == JSON else _load(name)


@lru_cache(maxsize=64)
def _load(name: str) -> Dialect:
    faults: list[str] = []
    try:
        dialect = _built(name, _document(name, faults), faults)
    except (KeyError, TypeError, ValueError, AttributeError):
        faults.append(f"{name} is no dialect: its parts are not as in {FOLDER}/iso8583-ascii.yaml; mend it.")
        dialect = None
    if faults or dialect is None:
        raise ConfigurationError(faults)
    return dialect


def _path(name: str) -> Path:
    return shipped(f"{FOLDER}/{name}.yaml") if name in shipped_dialects() else Path(name)


def _document(name: str, faults: list[str], depth: int = 0) -> dict[str, Any]:
    """Return the whole document of a dialect: what it is like, and over it what it says itself."""
    path = _path(name)
    document = read_document(path, "dialect")
    faults.extend(
        f"{path}: unknown key {key}; known are {', '.join(sorted(_KEYS))}." for key in document.keys() - _KEYS
    )
    document["fields"] = _numbered(document.get("fields", {}))
    like = document.pop("like", None)
    if like is None:
        return document
    if depth >= _MOST_LIKE:
        raise ConfigurationError(f"{path}: like names more than {_MOST_LIKE} dialects in a row; name one of them.")
    base = _document(like if like in shipped_dialects() else str(path.parent / like), faults, depth + 1)
    for key in ("encoding", "fields", "speaks"):
        document[key] = {**base.get(key, {}), **document.get(key, {})}
    return {**base, **document}


def _numbered(fields: dict[object, Any]) -> dict[str, Any]:
    """Return the fields by number, ranges such as 105-119 written out."""
    found = {}
    for numbers, said in fields.items():
        first, _, last = str(numbers).partition("-")
        for number in range(int(first), int(last or first) + 1):
            found[str(number)] = said
    return found


def _built(name: str, document: dict[str, Any], faults: list[str]) -> Dialect:
    """Return the dialect of a whole document; what is wrong with it is added to the faults."""
    coding = document["encoding"]
    for key, options in _CODINGS.items():
        if coding.get(key) not in options:
            faults.append(f"{name}: encoding.{key} is {coding.get(key)}, but must be one of {', '.join(options)}.")
    if document.get("edition") not in EDITIONS:
        faults.append(f"{name}: edition is {document.get('edition')}, but must be 1987, 1993 or 2003.")
    if faults:
        raise ConfigurationError(faults)
    spec = {
        "h": _fixed("b", 0),
        "t": _fixed(_CODECS[coding["digits"]], 4),
        "p": _bitmap(coding),
        "1": _bitmap(coding),
    }
    names = {}
    for number, (form, english, chinese, *side) in document["fields"].items():
        match = _FORM.fullmatch(str(form))
        if match is None or not 2 <= int(number) <= 128 or number == "65":  # noqa: PLR2004  the fields of ISO 8583
            faults.append(f"{name}: field {number} is {form}, but must be 2 to 128 and a form such as n6 or ans...999.")
            continue
        spec[number] = _field(match[1], match[2] or "", int(match[3]), coding, side)
        names[number] = FieldName(str(english), str(chinese), match[1] == "n")
    faults.extend(
        f"{name}: field {number} is missing; every event needs it."
        for number in ("3", "11", "41")
        if number not in spec
    )
    return Dialect(
        Path(name).stem,
        str(document["title"]),
        document["edition"],
        spec,
        tuple(_row(name, row, faults) for row in document["kinds"]),
        (_digits(document["speaks"]["terminal"]), _digits(document["speaks"]["host"])),
        str(document["original"]),
        names,
        {str(code): str(meaning) for code, meaning in document.get("action_codes", {}).items()},
        int(document["header_bytes"]),
        int(document["tpdu_bytes"]),
    )


def _digits(functions: list[object]) -> frozenset[str]:
    return frozenset(str(function) for function in functions)


def _row(name: str, row: dict[str, Any], faults: list[str]) -> KindRow:
    """Return one row of the table of kinds."""
    kind = str(row.get("kind"))
    if kind not in (*TRANSACTION_KINDS, *PLAIN_KINDS):
        faults.append(f"{name}: a row of kinds has the kind {kind}, which is none of the events' kinds.")
    faults.extend(f"{name}: a row of kinds has the unknown key {key}." for key in row.keys() - _ROW)
    if row.get("function", "request") not in ("request", "advice"):
        faults.append(f"{name}: a row of kinds has the function {row['function']}; write request or advice.")
    return KindRow(
        kind,
        str(row["class"]),
        str(row.get("function", "")),
        str(row.get("processing", "")),
        str(row.get("condition", "")),
        bool(row.get("asks")),
        bool(row.get("offline")),
    )


def _fixed(codec: str, length: int) -> dict[str, Any]:
    return {"data_enc": codec, "len_enc": "latin-1", "len_type": 0, "max_len": length, "desc": ""}


def _bitmap(coding: dict[str, str]) -> dict[str, Any]:
    return _fixed("b", 8) if coding["bitmap"] == "raw" else _fixed("latin-1", 16)


def _field(form: str, dots: str, length: int, coding: dict[str, str], side: list[str]) -> dict[str, Any]:
    """Return a field as pyiso8583 takes it."""
    role = "digits" if form in ("n", "z") else "binary" if form == "b" else "text"
    codec = _CODECS[coding[role]]
    lengths = coding["lengths"]
    width = len(dots) if lengths in ("ascii", "ebcdic") else len(dots) // 2 + len(dots) % 2
    whole = length * 2 if role == "binary" and codec != "b" and not dots else length
    field = {"data_enc": codec, "len_enc": _LENGTH_CODECS[lengths], "len_type": width, "max_len": whole, "desc": ""}
    if codec == "b" and role == "digits":
        field["len_count"] = "nibbles"
        for pad in ("left", "right"):
            if side in ([], [pad]):
                field[f"{pad}_pad"] = str(coding.get(f"{pad}_pad", ""))
    return field
