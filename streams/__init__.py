"""voucherwatch: a streaming monitor that pairs terminal and host vouchers and reports what disagrees."""

__version__ = "0.1.0"
