"""The tell child, with a dead man's switch that does not take a minute. Its word: how many seconds."""

import sys

from segue.app.home import settings_here
from segue.app.telling import Teller

seconds = float(sys.argv[1])
Teller(settings_here(), print, patience=round(seconds * 1_000_000), pulse=seconds / 5).run()
