"""Replay: the same pipeline over stored records, no broker."""
