"""Alerts as the settings have them."""

from __future__ import annotations

from segue.app.settings import Settings
from segue.model.errors import UsageError
from segue.tell.channels import Channel
from segue.tell.outbound import Outbound
from segue.tell.routes import Routes, Rule

__all__ = ["outbound_of", "routes_of"]


def routes_of(settings: Settings) -> Routes:
    """The channels and rules that the settings name.

    Raises:
        UsageError: they cannot be used, with the reason.
    """
    channels = {}
    for name, table in settings.keys.channels.items():
        receivers = [table.receivers] if isinstance(table.receivers, str) else table.receivers
        if table.kind == "email" and not (receivers and table.sender):
            raise UsageError(f"[tool.segue.channels.{name}] of kind email needs from= and to=")
        channels[name] = Channel(name, table.kind, table.url, table.room, table.sender, tuple(receivers), table.header)
    rules = [
        Rule(frozenset([rule.when] if isinstance(rule.when, str) else rule.when), rule.select,
             (rule.to,) if isinstance(rule.to, str) else tuple(rule.to))
        for rule in settings.keys.alerts
    ]  # fmt: skip
    return Routes(channels, rules)


def outbound_of(settings: Settings) -> Outbound:
    """The way out that the settings allow.

    Raises:
        UsageError: `alert_hosts` names what is no host.
    """
    return Outbound(settings.keys.alert_hosts)
