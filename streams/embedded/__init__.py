"""The demo's own broker: a single process that speaks Kafka's protocol, started and stopped from Python."""
