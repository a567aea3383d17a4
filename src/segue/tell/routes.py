"""Which alert goes where: the rules of the settings, and the channels that a DAG names itself."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, Literal, TypeAlias, get_args

import msgspec

from segue.model.alerts import Alert, AlertKind
from segue.model.errors import UsageError
from segue.model.spec import DagSpec
from segue.model.views import SilenceView
from segue.resolve.selection import dag_fits
from segue.tell.channels import Channel, ChannelKind

__all__ = ["DEAD", "Routes", "Rule", "When", "channel_of", "dags_of", "is_silenced"]

When: TypeAlias = AlertKind | Literal["dead"]
DEAD: Final = "dead"
"""The kind of what the dead man's switch says."""

_TO_COME: Final = ("at_risk", "circuit", "recovered", "resource", "stale")
"""Kinds that nothing raises yet; a rule may name them already."""

_MAIL: Final = re.compile(r"[^@\s,]+@[^@\s,]+")


class Rule(msgspec.Struct, frozen=True):
    """Alerts of these kinds about what a selection names go to these targets."""

    when: frozenset[str]
    select: str
    to: tuple[str, ...]


class Routes:
    """What the settings say about alerts.

    Args:
        channels: by name.
        rules: in order; all that fit count.

    Raises:
        UsageError: a rule names a kind or a channel that there is not; the nearest is named.
    """

    def __init__(self, channels: Mapping[str, Channel], rules: Sequence[Rule]) -> None:
        self._channels, self._rules = dict(channels), tuple(rules)
        kinds = (*get_args(AlertKind), DEAD, *_TO_COME)
        for rule in rules:
            for kind in sorted(rule.when):
                if kind not in kinds:
                    raise UsageError(f"[[tool.segue.alerts]] when: {_unknown('kind of alert', kind, kinds)}")
            for target in rule.to:
                try:
                    self.channel(target)
                except UsageError as why:
                    raise UsageError(f"[[tool.segue.alerts]] to: {why}") from None

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all channels."""
        return tuple(self._channels)

    def channel(self, target: str) -> Channel:
        """The channel that a target names.

        Raises:
            UsageError: there is none; the nearest name is given.
        """
        return channel_of(target, self._channels)

    def targets_of(self, alert: Alert, spec_of: Callable[[str], DagSpec | None]) -> tuple[str, ...]:
        """Where an alert goes, each target once.

        Args:
            alert: what happened.
            spec_of: gives a DAG.
        """
        specs = [spec for dag in dags_of(alert) if (spec := spec_of(dag)) is not None]
        found = dict.fromkeys(alert.channels)
        for rule in self._rules:
            fits = rule.select == "*" or any(dag_fits(spec, rule.select) for spec in specs)
            if alert.kind in rule.when and fits:
                found.update(dict.fromkeys(rule.to))
        return tuple(found)

    def watchers(self) -> tuple[str, ...]:
        """Who is told that nobody schedules: whom a rule names for it, else everybody that a rule names, else all."""
        named = [rule for rule in self._rules if DEAD in rule.when] or self._rules
        return tuple(dict.fromkeys(target for rule in named for target in rule.to)) or self.names

    def unknown(self, spec: DagSpec) -> list[str]:
        """What is wrong with the targets that a DAG names itself."""
        found = []
        for target in spec.alerts:
            try:
                self.channel(target)
            except UsageError as why:
                found.append(f"alerts: {why}")
        return found


def channel_of(target: str, channels: Mapping[str, Channel]) -> Channel:
    """The channel that a target names: `oncall`, `slack:#data-oncall`, `webhook:https://…`, `mailto:ops@example.com`.

    Raises:
        UsageError: there is none; the nearest name is given.
    """
    if target in channels:
        return channels[target]
    kind, colon, rest = target.partition(":")
    if not colon or kind not in ("slack", "webhook", "mailto"):
        hint = "" if channels else ": write [tool.segue.channels.NAME]"
        raise UsageError(_unknown("channel", target, channels) + hint)
    sort: ChannelKind = "email" if kind == "mailto" else kind  # type: ignore[assignment]
    if rest in channels and channels[rest].kind == sort:
        return channels[rest]
    if sort == "webhook":
        if not rest.startswith(("https://", "http://", "secret:")):
            raise UsageError(_unknown("channel", rest, channels))
        return Channel(target, "webhook", rest)
    same = [channel for channel in channels.values() if channel.kind == sort]
    if len(same) != 1:
        raise UsageError(f"{target!r} needs exactly one channel of kind {sort}, there are {len(same)}")
    if sort == "slack":
        return msgspec.structs.replace(same[0], name=target, room=rest)
    receivers = tuple(part.strip() for part in rest.split(","))
    if not all(_MAIL.fullmatch(one) for one in receivers):
        raise UsageError(f"{target!r} is no address of e-mail: write mailto:ops@example.com")
    return msgspec.structs.replace(same[0], name=target, receivers=receivers)


def dags_of(alert: Alert) -> tuple[str, ...]:
    """The DAGs that an alert is about."""
    if alert.dag:
        return (alert.dag,)
    return tuple(dict.fromkeys(label.partition("@")[0] for label, _ in alert.causes))


def is_silenced(alert: Alert, silences: Iterable[SilenceView], spec_of: Callable[[str], DagSpec | None]) -> str:
    """The selection that keeps an alert from being sent, empty where none does; several DAGs must all be silenced."""
    dags = dags_of(alert)
    specs = [spec_of(dag) or DagSpec(dag) for dag in dags]
    texts = [silence.selection for silence in silences]
    found = [next((text for text in texts if dag_fits(spec, text)), "") for spec in specs]
    return found[0] if found and all(found) else ""


def _unknown(what: str, name: str, known: Iterable[str]) -> str:
    known = tuple(known)
    near = difflib.get_close_matches(name, known, 1)
    hint = f": did you mean {near[0]!r}?" if near else f"; there are {', '.join(known) or 'none'}"
    return f"there is no {what} {name!r}{hint}"
