"""The first version."""

from segue.store.migrations.upgrading import run_script

revision = "1"
down_revision = None


def upgrade() -> None:
    """Make all tables as they were on the first day; the metadata has moved on since."""
    run_script(__file__)
