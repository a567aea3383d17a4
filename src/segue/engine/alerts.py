"""What people are told without having asked: raised in the turn in which it happens (docs/decisions/0030).

One alert for each cause. What fails while the episode of its slot, or of a connection it names, is open belongs to that
one; a good run ends it.
"""

from __future__ import annotations

from functools import partial
from typing import Final

from msgspec import structs

from segue.engine.agenda import Guarded
from segue.engine.alarm import Alarm, LeftOut, OpenEpisode, Promise, Reminder
from segue.engine.board import Board, culprits_of
from segue.engine.deadlines import arm, ask, begin, begin_run, lateness
from segue.engine.machine import FAILED, HELD, Machine
from segue.model.acts import MarkAlert, Silence
from segue.model.alerts import Alert
from segue.model.changes import AlertFolded, AlertMarked, AlertRaised, BackfillMade, Silenced
from segue.model.duration import show_duration
from segue.model.events import Request
from segue.model.ids import Instant
from segue.model.spec import DagSpec
from segue.model.state import RunState
from segue.model.timing import SlotFacts
from segue.model.why import Why

__all__ = ["mark_alert", "silence", "watch"]

HOUR: Final = 3_600_000_000
SHORTEST_DAY: Final = 23 * HOUR
UNSEEN: Final = 60_000_000
"""What falls due longer than this before anybody looks has passed while nobody led."""
_LISTED: Final = 20
_TEXT: Final = 1_000


def watch(board: Board, guarded: Guarded) -> None:
    """Raise what this turn has noticed, and what has fallen due.

    Args:
        board: what the engine knows.
        guarded: runs the step of one DAG, so that a fault in it stops no other.
    """
    alarm = board.alarm
    if board.agenda.planning:
        if not alarm.begun:
            _begin(board, guarded)
        else:
            for dag in alarm.redefined:
                guarded(dag, partial(arm, board, dag, board.now))
        _raise_noticed(board, guarded)
        for what in alarm.rung(board.now):
            if isinstance(what, Promise):
                guarded(what.dag, partial(ask, board, what))
            else:
                guarded(what.machine.key.dag, partial(_remind, board, what))
    alarm.forget_turn()


def _raise_noticed(board: Board, guarded: Guarded) -> None:
    alarm = board.alarm
    for machine, cell, why in alarm.noticed:
        if board.runs.get(machine.key) is machine:
            guarded(machine.key.dag, partial(_take, board, machine, cell, why))
    for dag in alarm.quarantined:
        _stands_still(board, dag)
    if alarm.left_out:
        _raise(board, _missed(board, alarm.left_out))
    if alarm.late:
        _tell_late(board)


def _begin(board: Board, guarded: Guarded) -> None:
    board.alarm.begun = True
    for name in tuple(board.dags):
        guarded(name, partial(begin, board, name))
    for machine in tuple(board.runs.values()):
        guarded(machine.key.dag, partial(_begin_run, board, machine))


def _begin_run(board: Board, machine: Machine) -> None:
    alarm = board.alarm
    begin_run(board, machine)
    for node, cell in {machine.owner[cell]: cell for cell in sorted(machine.held, reverse=True)}.items():
        since = alarm.told.get((_name(machine, node), "held"))
        if since is None:
            _hold(board, machine, cell, machine.reasons.get(cell, ""))
        elif max(since) - board.limits.hold_reminder not in since:
            alarm.holds[_name(machine, node)] = max(since)
            alarm.ring(Instant(max(since) + board.limits.hold_reminder), Reminder(machine, node, max(since)))


def _take(board: Board, machine: Machine, cell: int | None, why: Why) -> None:
    if cell is None:
        if machine.state is RunState.SUCCESS:
            _recover(board, machine)
        elif machine.state is RunState.FAILED:
            _end(board, machine)
    elif machine.states[cell] == HELD:
        _hold(board, machine, cell, str(why))
    elif machine.states[cell] == FAILED and _matters(machine, cell):
        _fail(board, machine, cell, why)


# ------------------------------------------------------------------------------------------------------------- failed
def _matters(machine: Machine, cell: int) -> bool:
    """Whether the run will fail for it: a step's failure is the flow's to judge, and a stop is somebody's wish."""
    return not machine.spec.is_flow and not machine.stopping and not machine.task(cell).rules.allow_failure


def _thing(machine: Machine) -> str:
    """What an episode is about: the slot where it lasts a day or longer, a backfill as a whole, else the DAG."""
    row = machine.row
    return _slot_of(machine) or row.run.dag if row.backfill is None else f"{row.run.dag}@backfill-{row.backfill}"


def _slot_of(machine: Machine) -> str:
    row = machine.row
    lasting = row.slot is not None and row.slot[1] - row.slot[0] >= SHORTEST_DAY
    return f"{row.run.dag}@{row.run.key}" if lasting else ""


def _fail(board: Board, machine: Machine, cell: int, why: Why) -> None:
    rules, label = machine.task(cell).rules, machine.label(cell)
    thing = _thing(machine)
    home = _home_of_started(board.alarm, why, board.now) or board.alarm.home_of(thing, rules.connections, board.now)
    if home is not None:
        board.alarm.join(thing, home)
        _fold(board, home, f"{machine.key}/{label}: {why}")
        return
    below = len(machine.graph.descendants((machine.owner[cell],)))
    radius = f"; {below} task{'s' * (below > 1)} below it will not run as planned" if below else ""
    _open(board, _about(board, machine, thing, f"{label} failed: {why}{radius}", ((label, str(why)),), cell))


def _home_of_started(alarm: Alarm, why: Why, now: Instant) -> OpenEpisode | None:
    """The episode of the run that a task has started and that failed."""
    if why.code != "started_failed":
        return None
    run = why.args[0]
    names = (run, run.rpartition(".")[0], run.partition("@")[0])
    return next((home for name in names if (home := alarm.home_of(name, (), now)) is not None), None)


def _end(board: Board, machine: Machine) -> None:
    """A run has failed: news where no task of it was, or none was told of."""
    thing = _thing(machine)
    home = board.alarm.home_of(thing, (), board.now)
    untold = machine.stop == "timeout" or machine.spec.is_flow
    culprits = culprits_of(machine)
    text = f"{machine.key} failed: " + "; ".join(f"{label}: {reason}" for label, reason in culprits[:3])
    if home is None:
        cell = min(machine.blamed, default=None)
        _open(board, _about(board, machine, thing, text, culprits[:_LISTED], cell))
    elif untold:
        _fold(board, home, text)


def _recover(board: Board, machine: Machine) -> None:
    """A good run ends the episode of its slot, or of its DAG; in a backfill it says nothing of other slots."""
    home = board.alarm.close(_thing(machine) if machine.row.backfill is None else _slot_of(machine))
    if home is not None:
        text = f"{machine.key} is good"
        board.changes.append(AlertFolded(home.thing, "failed", home.begun, text, board.now, over=True))


def _stands_still(board: Board, name: str) -> None:
    dag = board.dags[name]
    home = board.alarm.home_of(name, (), board.now)
    text = f"DAG {name} is quarantined: {dag.quarantined}"
    if home is not None:
        _fold(board, home, text)
        return
    spec = dag.version.spec
    command = f"segue unpause {name}"
    _open(
        board,
        Alert(name, "failed", board.now, name, owner=spec.owner or "", text=text[:_TEXT], command=command,
              channels=spec.alerts),
    )  # fmt: skip


def _open(board: Board, alert: Alert) -> None:
    board.alarm.open(alert, board.now)
    _raise(board, alert)


def _raise(board: Board, alert: Alert) -> None:
    board.changes.append(AlertRaised(alert, board.now))


def _fold(board: Board, home: OpenEpisode, text: str) -> None:
    worded = home.fold(board.now)
    if worded is not None:
        text = text[:_TEXT] if worded else ""
        board.changes.append(AlertFolded(home.thing, "failed", home.begun, text, board.now))


def _about(
    board: Board, machine: Machine, thing: str, text: str, causes: tuple[tuple[str, str], ...], cell: int | None
) -> Alert:
    spec, key = machine.spec, machine.key
    task = None if cell is None else machine.task(cell)
    return Alert(
        thing, "failed", board.now, key.dag, key, "" if cell is None else machine.label(cell),
        key.key if machine.row.slot is not None else "", _owner(spec, "" if task is None else task.id),
        text[:_TEXT], causes, f"segue retry {key}", spec.alerts, () if task is None else task.rules.connections,
    )  # fmt: skip


def _owner(spec: DagSpec, task: str) -> str:
    own = next((one.rules.owner for one in spec.tasks if one.id == task), None)
    return own or spec.owner or ""


# --------------------------------------------------------------------------------------------------------------- held
def _name(machine: Machine, cell: int) -> str:
    return f"{machine.key}/{machine.task(cell).id}"


def _hold(board: Board, machine: Machine, cell: int, reason: str) -> None:
    """A task waits for a person; further items of a mapped one fold into the first."""
    alarm, name = board.alarm, _name(machine, cell)
    if name in alarm.holds and machine.item(cell) is not None:
        return
    alarm.holds[name] = board.now
    alarm.ring(Instant(board.now + board.limits.hold_reminder), Reminder(machine, machine.owner[cell], board.now))
    _raise(board, _held(board, machine, machine.label(cell), board.now, f"{machine.label(cell)} is held: {reason}"))


def _remind(board: Board, reminder: Reminder) -> None:
    machine, node, since = reminder
    name = _name(machine, node)
    if board.alarm.holds.get(name) != since:
        return
    del board.alarm.holds[name]
    still = [cell for cell in machine.cells(node) if machine.states[cell] == HELD]
    if still and board.runs.get(machine.key) is machine:
        label, span = machine.label(still[0]), show_duration(board.limits.hold_reminder)
        text = f"{label} has been held for {span}: {machine.reasons.get(still[0], '')}"
        _raise(board, _held(board, machine, label, Instant(since + board.limits.hold_reminder), text))


def _held(board: Board, machine: Machine, label: str, episode: Instant, text: str) -> Alert:
    spec, key, task = machine.spec, machine.key, label.partition("[")[0]
    return Alert(
        f"{key}/{task}", "held", episode, key.dag, key, label, key.key if machine.row.slot is not None else "",
        _owner(spec, task), text[:_TEXT], ((label, text),), f"segue release {key} {label} --reason …", spec.alerts,
    )  # fmt: skip


# ----------------------------------------------------------------------------------------------- missed, late, waiting
def _missed(board: Board, left_out: list[LeftOut]) -> Alert:
    total = sum(one.total for one in left_out)
    dags = tuple(dict.fromkeys(one.dag for one in left_out))
    causes = tuple(
        (one.dag, f"{one.total} left out, {one.first} to {one.last}: {one.reason}") for one in left_out[:_LISTED]
    )
    first = left_out[0]
    command = f"segue backfill {first.dag} {first.when}"
    for change in board.changes:
        if isinstance(change, BackfillMade) and (change.row.dag, change.state) == (first.dag, "proposed"):
            command = f"segue backfills resume {change.row.id}"
    many, self = ("1 interval", "itself") if total == 1 else (f"{total} intervals", "themselves")
    text = f"{many} of {_counted(dags)} will not be run by {self}: {first.reason}"
    return _of_several(
        board, Alert("", "missed", board.now, text=text, causes=causes, key=first.first if total == 1 else "",
                     command=command), dags,
    )  # fmt: skip


def _of_several(board: Board, alert: Alert, dags: tuple[str, ...]) -> Alert:
    """The alert with the owners and channels of all these DAGs, and the DAG itself where it is one."""
    specs = [board.dags[name].version.spec for name in dags if name in board.dags]
    owners = dict.fromkeys(spec.owner for spec in specs if spec.owner)
    channels = dict.fromkeys(channel for spec in specs for channel in spec.alerts)
    dag = dags[0] if len(dags) == 1 else ""
    return structs.replace(alert, owner=", ".join(owners), channels=tuple(channels), dag=dag)


def _counted(dags: tuple[str, ...]) -> str:
    return f"DAG {dags[0]}" if len(dags) == 1 else f"{len(dags)} DAGs"


def _tell_late(board: Board) -> None:
    """One alert for each; what passed while nobody led is one alert together."""
    unseen: list[tuple[Promise, SlotFacts]] = []
    for promise, facts in board.alarm.late:
        if promise.dag not in board.dags:
            continue  # it has another id since this turn, and is asked about under that one
        if board.now - promise.at > UNSEEN:
            unseen.append((promise, facts))
        else:
            _raise(board, lateness(board, promise, facts))
    if len(unseen) == 1:
        _raise(board, lateness(board, *unseen[0]))
    elif unseen:
        _raise(board, _passed(board, unseen))


def _passed(board: Board, unseen: list[tuple[Promise, SlotFacts]]) -> Alert:
    alerts = [lateness(board, promise, facts) for promise, facts in unseen]
    dags = tuple(dict.fromkeys(one.dag for one in alerts))
    slots = len({(one.dag, one.key) for one in alerts})
    text = f"{slots} slot{'s' * (slots > 1)} of {_counted(dags)} missed their deadline while no scheduler was at work"
    causes = tuple((one.thing, one.text) for one in alerts[:_LISTED])
    command = alerts[0].command
    return _of_several(board, Alert("", "deadline", board.now, text=text, causes=causes, command=command), dags)


# --------------------------------------------------------------------------------------------------------------- acts
def mark_alert(board: Board, wanted: MarkAlert) -> str:
    """Write down what has become of an alert at one target."""
    board.changes.append(
        AlertMarked(
            wanted.thing, wanted.kind, wanted.episode, wanted.target, wanted.state, wanted.text[:_TEXT], board.now
        )
    )
    return f"{wanted.kind} at {wanted.target}: {wanted.state}"


def silence(board: Board, request: Request, wanted: Silence) -> str:
    """Send nothing about a selection until an instant; one that has passed lets alerts go out again."""
    board.changes.append(Silenced(wanted.selection, wanted.until, board.now, request.actor, wanted.reason))
    if wanted.until <= board.now:
        return f"alerts about {wanted.selection} are sent again"
    return f"no alert about {wanted.selection} is sent for {show_duration(wanted.until - board.now)}"
