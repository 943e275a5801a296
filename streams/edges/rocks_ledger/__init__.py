"""The originals ledger on disk: one RocksDB database a lane, in buckets of log time."""

from streams.edges.rocks_ledger.ledger import RocksLedger
from streams.edges.rocks_ledger.looking import Look, UnreadableLedgerError, look, places
from streams.edges.rocks_ledger.shelf import Shelf
from streams.edges.rocks_ledger.store import Bounds, Identity, LedgerLockedError, Store, UnfitLedgerError

__all__ = [
    "Bounds",
    "Identity",
    "LedgerLockedError",
    "Look",
    "RocksLedger",
    "Shelf",
    "Store",
    "UnfitLedgerError",
    "UnreadableLedgerError",
    "look",
    "places",
]
