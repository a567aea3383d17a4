"""A workshop whose opening ends the process."""

import os

from segue.run.children.call import Workshop
from segue.run.wire import Setup


def open_workshop(setup: Setup) -> Workshop:
    os._exit(3)
