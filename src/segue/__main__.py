"""`python -m segue`."""

import sys

from segue.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
