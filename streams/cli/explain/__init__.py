"""``explain``: what a response code means here, or the life of one voucher, in words."""

from streams.cli.explain.command import explain

__all__ = ["explain"]
