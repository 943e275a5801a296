"""``explain``: what a response code or a raw message means here, or the life of one voucher, in words."""

from streams.cli.explain.command import explain

__all__ = ["explain"]
