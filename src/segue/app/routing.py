"""Alerts as the settings have them, and what is needed beside to send one."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from segue.app.settings import Settings
from segue.app.vault import open_vault
from segue.model.errors import UsageError
from segue.model.spec import DagSpec
from segue.tell.channels import Channel, Reveal
from segue.tell.outbound import Outbound
from segue.tell.routes import Routes, Rule

if TYPE_CHECKING:
    from segue.app.database import FullReader

__all__ = ["DagBook", "outbound_of", "revealer_of", "routes_of"]


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


def revealer_of(settings: Settings) -> Reveal:
    """Gives secrets by name, as tasks get them."""
    vault = open_vault(settings, os.environ)
    return lambda name: vault.find("secret", name).value


class DagBook:
    """The DAGs of a home, each read once a version.

    Args:
        reader: a reader of its own.
    """

    def __init__(self, reader: FullReader) -> None:
        self._reader = reader
        self._specs: dict[tuple[str, int], DagSpec] = {}
        self._versions: dict[str, int] = {}

    def refresh(self) -> None:
        """Look which versions are the newest."""
        self._versions = {view.dag: view.version for view in self._reader.dags()}

    def spec_of(self, dag: str) -> DagSpec | None:
        """The newest version of a DAG."""
        number = self._versions.get(dag)
        if number is None:
            return None
        if (dag, number) not in self._specs:
            self._specs[dag, number] = self._reader.spec(dag, number)
        return self._specs[dag, number]
