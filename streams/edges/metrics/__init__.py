"""All metrics of a worker in one class, read from the lanes when they are scraped."""

from streams.edges.metrics.page import LaneReading, Metrics, WorkerReading

__all__ = ["LaneReading", "Metrics", "WorkerReading"]
