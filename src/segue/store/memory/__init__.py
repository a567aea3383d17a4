"""A store in memory, with the behaviour of the real ones: for the simulator, and for running a DAG in a test.

Rows are the frozen views that readers get: reading is handing over.
"""

from segue.store.memory.access import MemoryReader, MemoryResults, MemoryWriter
from segue.store.memory.tables import MemoryStore

__all__ = ["MemoryReader", "MemoryResults", "MemoryStore", "MemoryWriter"]
