from __future__ import annotations

from typing import BinaryIO, Final, TypeAlias

from segue.client.transport import Transport, part
from segue.model.api.acts import (
    AgainBackfills,
    CancelRuns,
    DrainOwner,
    KeepValue,
    MarkRuns,
    MoveBackfills,
    NewBackfill,
    PauseClocks,
    PutPool,
    RejectRuns,
    ReleaseRuns,
    RerunRuns,
    RetryRuns,
    SilenceAlerts,
    TriggerDags,
    TryChannels,
    UnpauseClocks,
)
from segue.model.api.outcomes import (
    BackfillPlan,
    ChannelTried,
    DeployPlan,
    Done,
    ObjectPlan,
    Outcome,
    RequestState,
    RunPlan,
)

__all__ = ["Acting", "OnDags", "OnRuns"]

OnRuns: TypeAlias = RetryRuns | RerunRuns | CancelRuns | MarkRuns | ReleaseRuns | RejectRuns
"""What is done to runs; its plan is a `RunPlan`."""
OnDags: TypeAlias = TriggerDags | PauseClocks | UnpauseClocks
"""What is done to DAGs; its plan is an `ObjectPlan`."""

_PATHS: Final[dict[type[OnRuns] | type[OnDags], str]] = {
    RetryRuns: "/runs/retry",
    RerunRuns: "/runs/rerun",
    CancelRuns: "/runs/cancel",
    MarkRuns: "/runs/mark",
    ReleaseRuns: "/runs/release",
    RejectRuns: "/runs/reject",
    TriggerDags: "/dags/trigger",
    PauseClocks: "/dags/pause",
    UnpauseClocks: "/dags/unpause",
}


class Acting:
    """Everything that changes something.

    With `key`, an act that is sent again has the same effect and the same answer. What was not answered within five
    seconds is `pending` in the outcome; `request` tells later what has become of it.

    Args:
        transport: to the server.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def do(self, body: OnRuns | OnDags, *, key: str = "") -> Outcome:
        """Do it to runs or DAGs.

        Raises:
            Refused: to none of them was it done, with the reasons.
        """
        return self._done("POST", _PATHS[type(body)], body, key)

    def plan_runs(self, body: OnRuns) -> RunPlan:
        """What `do` would do to runs; `body` says `dry_run=True`."""
        plan: RunPlan = self._transport.act("POST", _PATHS[type(body)], RunPlan, body)
        return plan

    def plan_dags(self, body: OnDags) -> ObjectPlan:
        """What `do` would do to DAGs; `body` says `dry_run=True`."""
        plan: ObjectPlan = self._transport.act("POST", _PATHS[type(body)], ObjectPlan, body)
        return plan

    def start_backfill(self, dag: str, body: NewBackfill, *, key: str = "") -> Outcome:
        """Run the intervals of a range."""
        return self._done("POST", f"/dags/{part(dag)}/backfills", body, key)

    def plan_backfill(self, dag: str, body: NewBackfill) -> BackfillPlan:
        """What `start_backfill` would run, how long it takes, whether it catches up; `body` says `dry_run=True`."""
        plan: BackfillPlan = self._transport.act("POST", f"/dags/{part(dag)}/backfills", BackfillPlan, body)
        return plan

    def pause_backfills(self, body: MoveBackfills, *, key: str = "") -> Outcome:
        """Make no more runs of backfills; what runs goes on."""
        return self._done("POST", "/backfills/pause", body, key)

    def resume_backfills(self, body: AgainBackfills, *, key: str = "") -> Outcome:
        """Let paused backfills go on, and begin proposed ones."""
        return self._done("POST", "/backfills/resume", body, key)

    def cancel_backfills(self, body: MoveBackfills, *, key: str = "") -> Outcome:
        """End backfills and their runs."""
        return self._done("POST", "/backfills/cancel", body, key)

    def repeat_backfills(self, body: AgainBackfills, *, key: str = "") -> Outcome:
        """Run again what failed in backfills."""
        return self._done("POST", "/backfills/again", body, key)

    def silence_alerts(self, body: SilenceAlerts, *, key: str = "") -> Outcome:
        """Send no alert about what a selection names until an instant."""
        return self._done("POST", "/alerts/silence", body, key)

    def test_channels(self, body: TryChannels) -> tuple[ChannelTried, ...]:
        """Send a letter to channels, and see whether it arrives."""
        tried: tuple[ChannelTried, ...] = self._transport.act("POST", "/alerts/test", tuple[ChannelTried, ...], body)
        return tried

    def drain(self, body: DrainOwner, *, key: str = "") -> Outcome:
        """Start nothing more, so that what runs comes to its end."""
        return self._done("POST", "/drain", body, key)

    def deploy(
        self, archive: BinaryIO, *, path: tuple[str, ...] = (), label: str = "", location: str = "", yes: bool = False
    ) -> Outcome:
        """Switch to the files of an archive in one step.

        Args:
            archive: a tar of the project's folder.
            path: of DAG files or folders within it; default: all of it.
            label: for the versions that this makes.
            location: whose files these are.
            yes: go on where DAGs go away.
        """
        outcome: Outcome = self._transport.upload(
            "/deploy", archive, Outcome, path=path, label=label, location=location, yes=yes
        )
        return outcome

    def plan_deploy(self, archive: BinaryIO, *, path: tuple[str, ...] = (), location: str = "") -> DeployPlan:
        """What `deploy` would change."""
        plan: DeployPlan = self._transport.upload(
            "/deploy", archive, DeployPlan, path=path, location=location, dry_run=True
        )
        return plan

    def set_pool(self, name: str, body: PutPool, *, key: str = "") -> Outcome:
        """Give a pool slots."""
        return self._done("PUT", f"/pools/{part(name)}", body, key)

    def remove_pool(self, name: str, *, key: str = "") -> Outcome:
        """Take a pool away."""
        return self._done("DELETE", f"/pools/{part(name)}", None, key)

    def set_connection(self, name: str, body: KeepValue, *, key: str = "") -> Outcome:
        """Keep a connection; its address is encrypted at once and never given back."""
        return self._done("PUT", f"/connections/{part(name)}", body, key)

    def remove_connection(self, name: str, *, key: str = "") -> Outcome:
        """Forget a connection."""
        return self._done("DELETE", f"/connections/{part(name)}", None, key)

    def test_connection(self, name: str) -> Done:
        """Really connect."""
        done: Done = self._transport.act("POST", f"/connections/{part(name)}/test", Done)
        return done

    def set_secret(self, name: str, body: KeepValue, *, key: str = "") -> Outcome:
        """Keep a secret; it is encrypted at once and never given back."""
        return self._done("PUT", f"/secrets/{part(name)}", body, key)

    def remove_secret(self, name: str, *, key: str = "") -> Outcome:
        """Forget a secret."""
        return self._done("DELETE", f"/secrets/{part(name)}", None, key)

    def request(self, id: str) -> RequestState:  # noqa: A002 - as everywhere in the API
        """What has become of a request."""
        state: RequestState = self._transport.get(f"/requests/{part(id)}", RequestState)
        return state

    def _done(self, method: str, path: str, body: object, key: str) -> Outcome:
        outcome: Outcome = self._transport.act(method, path, Outcome, body, key=key)
        return outcome
