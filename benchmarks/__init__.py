"""Measurements of throughput and memory, printed by ``make bench``; see the README beside this file."""
