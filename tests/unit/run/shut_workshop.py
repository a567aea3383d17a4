"""A workshop that cannot be opened: a library is missing."""

from segue.run.children.call import Workshop
from segue.run.wire import Setup


def open_workshop(setup: Setup) -> Workshop:
    raise ModuleNotFoundError("No module named 's3fs'")
