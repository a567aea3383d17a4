"""Somebody who wants to write: `python -m tests.postgres.leading URL` makes one run after the other while it leads.

It prints `leads EPOCH` when it leads, `RUN` after each commit, `lost` when another leads.
"""

import sys

from segue.model.changes import RunCreated, RunMoved
from segue.model.errors import Conflict, LeaseLost, StoreDown
from segue.model.ids import Instant, RunKey
from segue.model.images import RunRow
from segue.model.state import RunState
from segue.model.why import Why
from segue.run.children.lifeline import die_with_parent
from segue.store.postgres import Pace, open_writer

__all__ = ["PACE"]

PACE = Pace(renew=0.1, expiry=0.5, look=0.02)
NOW = Instant(1)


def main(url: str, parent: int) -> None:
    die_with_parent(parent)
    writer = open_writer(url, NOW, PACE)
    while True:
        try:
            epoch = writer.lease().epoch
            print("leads", epoch, flush=True)
            for number in range(sys.maxsize):
                run = RunKey("daily", f"{epoch}-{number}", 1)
                row = RunRow(run, request=str(run), version=1, bundle="b", created=NOW)
                with writer.transaction(epoch) as transaction:
                    transaction.apply(
                        [
                            RunCreated(row, NOW),
                            RunMoved(run, RunState.QUEUED, RunState.CANCELLED, NOW, Why("cancelled"), ended=NOW),
                        ]
                    )
                print(run, flush=True)
        except (LeaseLost, Conflict, StoreDown) as why:
            print("lost", why, flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
