"""Deploys from afar: an archive comes in, the definition child reads it, and the owner takes it whole or not at all."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from hashlib import file_digest
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any, Final

import anyio
from anyio.to_thread import run_sync
from fastapi import Query, Request, Response

from segue.model.access import Role
from segue.model.api.outcomes import DeployPlan, Outcome
from segue.model.errors import Forbidden, Refused, UsageError
from segue.show.access.deciding import decide
from segue.show.api.asking import ANSWERS, ask, errand, origin_of
from segue.show.api.repeating import once, with_body
from segue.show.api.routing import Routes, encoded
from segue.show.api.visiting import Visit, Visiting
from segue.show.backdoors import Deployment, Upload

__all__ = ["DEPLOYING", "MOST_BYTES"]

DEPLOYING: Final = Routes("deploy")
MOST_BYTES: Final = 50_000_000
"""Of an archive as it is sent; what it unpacks to is bounded by whoever opens it."""

_LONGEST: Final = 200
_ARCHIVE: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True, "content": {"application/x-tar": {"schema": {"type": "string", "format": "binary"}}},
    }
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Manner:
    yes: bool
    dry_run: bool


@DEPLOYING.post(
    "/deploy", needs=Role.AUTHOR, body=MOST_BYTES, responses=ANSWERS, response_model=DeployPlan | Outcome,
    openapi_extra=_ARCHIVE,
)  # fmt: skip
async def deploy(
    visit: Visiting, request: Request, label: str = "", location: str = "",
    path: Annotated[tuple[str, ...], Query()] = (), yes: bool = False, dry_run: bool = False,
) -> Response:  # fmt: skip
    """Check the DAG files of an archive (tar, also gzipped), say what changes, and take them: all of them or none."""
    if len(label) > _LONGEST or not label.isprintable():
        raise UsageError(f"label is one line of at most {_LONGEST} characters")
    with TemporaryDirectory(prefix="segue-upload-") as folder:
        archive = Path(folder, "archive")
        async with await anyio.open_file(archive, "wb") as file:
            async for chunk in request.stream():
                await file.write(chunk)
        upload = Upload(archive, location, path, label)
        return await run_sync(partial(_deploy_once, visit, upload, _Manner(yes, dry_run)))


def _deploy_once(visit: Visit, upload: Upload, manner: _Manner) -> Response:
    if manner.dry_run:
        return _deploy(visit, upload, manner)
    with upload.archive.open("rb") as file:
        sent = with_body(visit, file_digest(file, "sha256").digest())
    return once(sent, lambda known: _deploy(known, upload, manner))


def _deploy(visit: Visit, upload: Upload, manner: _Manner) -> Response:
    with visit.doors.deployer.opened(upload) as deployment:
        _check_role(visit, deployment)
        if manner.dry_run:
            return encoded(DeployPlan(deployment.changes))
        if deployment.asks and not manner.yes:
            raise Refused(f"{'; '.join(deployment.asks)}: that needs a yes, `?yes=true`. Nothing was done")
        one = errand(visit, deployment.name, deployment.act)
        return ask(visit, [one], (), origin_of(visit, upload.label))


def _check_role(visit: Visit, deployment: Deployment) -> None:
    """Whoever deploys is an author of every DAG that the archive declares or lets go of."""
    beyond = [one.dag for one in deployment.subjects if not decide(visit.principal, Role.AUTHOR, one)]
    if beyond:
        seen = visit.seen()
        shown = [dag for dag in dict.fromkeys(beyond) if seen is None or dag in seen or dag in _declared(deployment)]
        raise Forbidden(f"this needs the role {Role.AUTHOR} on {', '.join(shown) or 'every DAG that it replaces'}")


def _declared(deployment: Deployment) -> frozenset[str]:
    return frozenset(one.dag for one in deployment.changes if one.kind != "gone")
