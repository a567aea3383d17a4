from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from segue.data.results import LazyResults, StoredValue, load_item, load_result, store_result
from segue.data.storage import LocalStorage, Storage, values_prefix
from segue.define.binding import annotations_of, bind, chosen_ids, may_retry, retry_policy
from segue.define.context import RunContext, entered
from segue.define.dag import Dag
from segue.define.loading import CodeLoader
from segue.model.changes import Brief, Given, Input, Many, Missing, Stored
from segue.model.errors import UnreadableValue
from segue.model.events import Value
from segue.run.children.attempt import Call
from segue.run.children.supply import Supply
from segue.run.wire import Setup, Work

__all__ = ["FileWorkshop", "open_workshop"]
