"""The relay: takes Alertmanager's notifications to the group robots of WeCom, DingTalk and Feishu.

The way through it: ``webhook`` (bytes to a notification) -> ``store`` (kept on disk, repeats known) ->
``courier`` (one a robot: pace, back-off) -> ``rendering`` and ``vendors`` (text, signature, what the
answer means).  ``program`` puts them together; everything but ``store``, ``server``, ``courier``,
``direct_feed`` and ``program`` is pure and takes the time as a number.
"""
