"""Reasons as data: a code and its arguments, rendered here for terminal, page and alert alike."""

from __future__ import annotations

from typing import Final

import msgspec

__all__ = ["SENTENCES", "Why", "say"]


class Why(msgspec.Struct, frozen=True, gc=False):
    """A code of `SENTENCES` and the arguments of its sentence."""

    code: str
    args: tuple[str, ...] = ()

    def __str__(self) -> str:
        return say(self)


SENTENCES: Final[dict[str, str]] = {
    # moves of tasks
    "ready": "its upstream is done",
    "begun": "its code began",
    "done": "it succeeded",
    "failed": "{0}",
    "failed_for_good": "{0}; no retry: {1}",
    "retry": "{0}; attempt {1} of {2} starts in {3}",
    "lost": "lost: {0}; starts again in {1}",
    "lost_for_good": "lost {0} times: {1}",
    "owner_gone": "its owner stopped while it ran; it starts again",
    "unknown": "outcome unknown: {0}. It is not idempotent: look at what it wrote, then `segue retry` or `segue mark`",
    "skip": "{0}",
    "upstream_failed": "upstream {0} failed",
    "upstream_skipped": "upstream {0} was skipped",
    "rule": "rule {0} cannot be met: {1}",
    "not_followed": "branch {0} did not choose it",
    "empty_map": "nothing to map over: {0} gave no items",
    "map_failed": "cannot be expanded: {0}",
    "cancelled": "{0} cancelled the run",
    "reopened": "{0} asked to run it again",
    "marked": "{0} marked it: {1}",
    "expanded": "{0} items",
    "publish": "what it staged is published",
    "published": "what it staged is published",
    "publish_again": "not published: {0}; tried again in {1}",
    "unpublished": "it could not be published: {0}",
    "no_setup": "nothing to take down: no setup of it ({0}) succeeded",
    "run_timed_out": "stopped by the timeout of its DAG, {0}",
    "guard": "{0}",
    "released": "{0} released it: {1}",
    "rejected": "{0} rejected it: {1}",
    "deferred": "waits for {0}",
    "started_failed": "run {0}, which it started, has ended as {1}: `segue retry {0}` first",
    "awaited": "what it waited for has ended",
    "state_set": "it keeps a new {0}",
    "refused": "it asked for {0}, which it does not declare",
    # what people decide for runs to come
    "renamed": "renamed from {0}",
    "eased": "guard {0} is released from now on, in slots like: {1}",
    "pool_set": "pool {0} has {1} slots",
    "pool_gone": "pool {0} is removed",
    "secret_set": "{0} {1} has a new value",
    "secret_removed": "{0} {1} is removed",
    "reused": "reused from {0}",
    # why a rerun does not take a task over
    "new": "it is new",
    "cut": "--from names it",
    "was_state": "it was {0}",
    "was_marked": "it was marked {0} by hand",
    "items_run": "{0} of its {1} items run",
    "function_changed": "its function has changed",
    "arguments_changed": "its arguments have changed",
    "option_changed": "{0} changed",
    "edges_changed": "its upstream tasks are others",
    "params_changed": "params have changed: {0}",
    "upstream_runs": "upstream {0} runs",
    "result_gone": "its result is gone",
    "choice_gone": "it chose {0}, which does not follow it any more",
    "setup_needed": "{0} needs it",
    # moves of runs
    "triggered": "{0} asked for it",
    "rerun": "{0} asked to run {1} again",
    "dispatched": "its first task was dispatched",
    "all_good": "every task is done",
    "all_skipped": "every leaf was skipped",
    "culprits": "failed: {0}",
    "stopped": "cancelled",
    "parked": "held: {0}",
    "resumed": "it goes on",
    "retried": "{0} asked to run it again, round {1}",
    "lifted": "{0} asked for it by name",
    "timed_out": "it took longer than its timeout, {0}",
    # clocks of DAGs, backfills
    "enabled": "its clock begins",
    "edited": "its schedule was edited: nothing of the past is run",
    "paused": "{0} paused it{1}",
    "unpaused": "{0} lets it go on",
    "pause_over": "its pause has ended",
    "retired": "no file declares it any more",
    "restored": "the database was put back, and does not know what was run since",
    "left_out": "{0} intervals were left out, {1} to {2}: {3}",
    "overlapped": "skipped: {0} was still running (overlap)",
    "scheduled": "its interval is complete",
    "backfilled": "backfill {0}: {1}",
    "looked_back": "looks back after {0}",
    "backfill_made": "{0} slots, {1} at once: {2}",
    "backfill_moved": "{0} asked for it",
    "backfill_done": "every slot has had its run",
    "backfill_stopped": "its DAG is gone",
    # why something waits
    "dag_paused": "DAG {0} is paused hard: `segue unpause {0}`",
    "draining": "the owner is being drained: nothing begins until `segue drain --off`",
    "waits_past": "{0}",
    "past": "waits for {0} of {1}, which {2}: {3}",
    "past_unknown": "looks for the slot before",
    "lookback_turn": "waits: slots are run again one after the other, and {0} is active",
    "backfill_cap": "waits: {0} of {1} runs of backfill {2} are active (cap)",
    "upstream": "waits for {0}",
    "teardown": "takes down what its setup made when {0} has ended",
    "publish_delay": "is released; waits {0} before what it staged is published",
    "publishing": "is released: what it staged is being published, attempt {0}",
    "timing_out": "is being stopped by its timeout",
    "delay": "waits {0} before attempt {1} of {2}",
    "loss_delay": "waits {0} after it was lost",
    "running": "is running, attempt {0}",
    "moving": "is running: {0} attempts are alive",
    "queued": "is queued behind other work of a worker",
    "workers": "waits for a free worker ({0} of {1} busy)",
    "workers_reserve": "waits for a free worker ({0} of {1} busy, {2} kept free of backfills)",
    "pool": "waits for room in pool {0}: it asks for {1}, {2} of {3} slots are in use",
    "pool_held": "waits for room in pool {0}: it asks for {1}, and {2} slots are kept for a task before it",
    "pool_small": "never runs: it asks for {1} slots of pool {0}, which has {2}; `segue pool set {0} {1}`",
    "pool_reserve": "never runs in a backfill: it asks for {1} slots of pool {0}, backfills may use {2} of {3}",
    "no_pool": "never runs: there is no pool {0}; `segue pool set {0} {1}` makes it",
    "resource": "waits for {0}: it asks for {1}, {2} of {3} are in use",
    "resource_held": "waits for {0}: it asks for {1}, and {2} are kept for a task before it",
    "resource_small": "never runs: it asks for {1} of {0}, there are {2} in all ([tool.segue.resources])",
    "no_resource": "never runs: it asks for {1} of {0}, which [tool.segue.resources] does not name",
    "max_active": "waits: {0} of {1} runs of task {2} are active (max_active)",
    "max_active_tasks": "waits: {0} of {1} tasks of DAG {2} are active (max_active_tasks)",
    "max_active_runs": "waits: {0} of {1} runs of {2} are active (max_active_runs): {3}",
    "slot": "waits: {0} is running for the same interval",
    "order": "waits for its turn: {0} tasks of higher rank are ready before it",
    "held": "is held: {0}",
    "held_task": "is held: {0}; `segue release {1} {2} --reason …` lets it go, `segue reject …` fails it",
    "quarantined": "DAG {0} is quarantined: {1}",
    "final": "has ended: {0}",
    "cancelling": "is being cancelled",
    "interrupted": "interrupted: no owner drives it; `segue retry {0}` goes on with it",
}


def say(why: Why) -> str:
    """Render a reason as a sentence without full stop."""
    return SENTENCES[why.code].format(*why.args)
