"""The originals ledger on disk: one RocksDB database a lane, in buckets of log time."""

from streams.edges.rocks_ledger.ledger import RocksLedger
from streams.edges.rocks_ledger.shelf import Shelf
from streams.edges.rocks_ledger.store import Bounds, Identity, LedgerLockedError, Store, UnfitLedgerError

__all__ = ["Bounds", "Identity", "LedgerLockedError", "RocksLedger", "Shelf", "Store", "UnfitLedgerError"]
