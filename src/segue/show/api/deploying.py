"""Deploys from afar: an archive comes in, the definition child reads it, and the owner takes it whole or not at all."""

from __future__ import annotations

from functools import partial
from tempfile import TemporaryDirectory
from pathlib import Path
from typing import Annotated, Final

import anyio
from anyio import to_thread
from fastapi import Query, Request, Response

from segue.model.access import Role, Subject
from segue.model.api.acts import DeployPlan
from segue.model.errors import Forbidden, Refused, UsageError
from segue.model.events import Origin
from segue.model.events import Request as Ask
from segue.show.access.deciding import decide
from segue.show.api.asking import id_for
from segue.show.api.routing import PREFIX, Routes, encoded
from segue.show.api.visiting import Visit, Visiting
from segue.show.backdoors import Deployment, Upload

__all__ = ["DEPLOYING", "MOST_BYTES"]

DEPLOYING: Final = Routes("deploy")
MOST_BYTES: Final = 50_000_000
"""Of an archive as it is sent; what it unpacks to is limited by whoever opens it."""

_PATIENCE: Final = 30.0  # seconds
_LONGEST_LABEL: Final = 200
