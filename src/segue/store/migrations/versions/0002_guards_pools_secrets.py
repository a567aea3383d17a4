"""Guards hold, pools have slots, secrets lie sealed, hooks outlive their runs, clocks stand, people are told."""

from segue.store.migrations.upgrading import run_script

revision = "2"
down_revision = "1"


def upgrade() -> None:
    """Add columns and tables; every old row is as it was."""
    run_script(__file__)
