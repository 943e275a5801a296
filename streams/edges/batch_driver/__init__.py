"""A Faust transport driver that calls a lane once per fetch and partition.

Faust's own path costs 135 microseconds a record in ``Consumer._drain_messages``, which builds tasks
for every message.  This driver replaces that one loop for the two input topics and leaves group
membership, rebalances, heartbeats, timers, the web port and the producer to Faust.  It uses private
names of Faust and aiokafka, so both are pinned, and ``tests/unit/edges/test_faust_names.py`` fails when
one of them changes.
"""

from streams.edges.batch_driver.consumer import DriverParts
from streams.edges.batch_driver.ends import BrokerAnswers, EndWatch
from streams.edges.batch_driver.host import LaneHost
from streams.edges.batch_driver.outbox import Outbox
from streams.edges.batch_driver.ports import NoLedgers, SystemClock
from streams.edges.batch_driver.transport import SCHEME, Transport, register

__all__ = [
    "SCHEME",
    "BrokerAnswers",
    "DriverParts",
    "EndWatch",
    "LaneHost",
    "NoLedgers",
    "Outbox",
    "SystemClock",
    "Transport",
    "register",
]
