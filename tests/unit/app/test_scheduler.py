import subprocess
import sys

DYING = """
import threading
from segue.app.scheduler import end_with_thread
threading.excepthook = end_with_thread
threading.Thread(target=lambda: 1 / 0, daemon=True).start()
threading.Event().wait(60)
"""


def test_a_thread_that_dies_takes_its_process_with_it():
    done = subprocess.run([sys.executable, "-c", DYING], capture_output=True, text=True, timeout=50, check=False)
    assert done.returncode == 1
    assert "ZeroDivisionError" in done.stderr
