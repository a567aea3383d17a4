"""What people ask for is kept in an audit; lists are read page by page, however long they are."""

from segue.store.migrations.upgrading import run_script

revision = "3"
down_revision = "2"


def upgrade() -> None:
    """Add a table and indices; every old row is as it was."""
    run_script(__file__)
