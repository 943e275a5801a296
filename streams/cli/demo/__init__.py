"""``demo``: the whole product for a minute on simulated traffic, nothing set up before."""

from streams.cli.demo.command import demo

__all__ = ["demo"]
