"""Why an anomaly is there: what can be known about its cause from the feeds, pure and without a clock."""
