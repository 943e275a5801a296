"""``doctor``: what a person on call wants to know first, each finding with what to change."""

from streams.cli.doctor.command import doctor

__all__ = ["doctor"]
