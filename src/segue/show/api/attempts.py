from __future__ import annotations

from datetime import date as Date
from datetime import timedelta
from typing import Annotated, Final

from fastapi import Query, Request, Response
from fastapi.responses import StreamingResponse

from segue.model.access import Role
from segue.model.api.logs import LogPage, LogSearch
from segue.model.api.runs import AttemptItem
from segue.model.errors import NotFound, UsageError
from segue.model.ids import Instant
from segue.model.moment import day_start
from segue.model.pages import AttemptQuery
from segue.model.views import AttemptView
from segue.show.api import specimens
from segue.show.api.narrowing import DagPath, Id
from segue.show.api.paging import Paging
from segue.show.api.routing import Of, Routes
from segue.show.api.visiting import Visit, Visiting
from segue.show.views.logs import LogFilter, log_page, portion_of, read_filter, search_logs, tail_of, text_of
from segue.show.views.runs import attempt_item

__all__ = ["ATTEMPTS"]

ATTEMPTS: Final = Routes("attempts and logs")

_FIELD: Final = "field."
_AT_ONCE: Final = 100  # attempts whose logs one answer looks through
_PLAIN: Final = {200: {"description": "the log as text", "content": {"text/plain": {}}}}


def _found(visit: Visit, attempt: int) -> AttemptView:
    """An attempt that whoever asks may see.

    Raises:
        NotFound: there is none of that number, or not for them.
    """
    with visit.read() as reader:
        found = reader.find_attempt(attempt)
    if found is not None:
        try:
            visit.require(Role.VIEWER, found.key.run.dag)
        except NotFound:
            found = None
    if found is None:
        raise NotFound(f"there is no attempt {attempt}")
    return found


def _filter(request: Request, level: str | None, text: str) -> LogFilter:
    given = request.query_params.multi_items()
    own = {name.removeprefix(_FIELD): value for name, value in given if name.startswith(_FIELD)}
    return read_filter(level, text, own)


@ATTEMPTS.get("/attempts/{attempt}", needs=Role.VIEWER)
def attempt(visit: Visiting, attempt: Id) -> AttemptItem:
    """One attempt, by its number."""
    return attempt_item(_found(visit, attempt))


@ATTEMPTS.get("/attempts/{attempt}/log", needs=Role.VIEWER, more=_FIELD, example=specimens.LOG)
def log(  # noqa: PLR0913  # a filter is a parameter
    visit: Visiting,
    request: Request,
    attempt: Id,
    offset: Annotated[int, Query(ge=0, le=1 << 40, description="the byte to begin at: `end` of the answer before")] = 0,
    limit: Annotated[int, Query(ge=1, le=5000, description="lines at most")] = 500,
    tail: Annotated[bool, Query(description="the last lines instead")] = False,
    level: Annotated[str | None, Query(max_length=20, description="of records, at least")] = None,
    text: Annotated[str, Query(max_length=500, description="stands in the line")] = "",
) -> LogPage:
    """Lines of its log, from a byte on; ask again with `offset=end` for what has come since.

    Only lines that fit are told where `level`, `text` or `field.NAME=VALUE` (a field of a record) is given.
    """
    wanted, found, logs = _filter(request, level, text), _found(visit, attempt), visit.doors.logs
    portion = tail_of(logs, found, limit, wanted) if tail else portion_of(logs, found, offset, limit, wanted)
    return log_page(found, portion)


@ATTEMPTS.get("/attempts/{attempt}/log.txt", needs=Role.VIEWER, responses=_PLAIN, response_model=None)
def log_text(visit: Visiting, attempt: Id) -> Response:
    """Its whole log as plain text, to be kept."""
    found = _found(visit, attempt)
    name = f'attachment; filename="attempt-{attempt}.txt"'
    return StreamingResponse(
        text_of(visit.doors.logs, found), media_type="text/plain; charset=utf-8", headers={"Content-Disposition": name}
    )


def _day(date: Date, zone: str) -> tuple[Instant, Instant]:
    try:
        return day_start(date, zone), day_start(date + timedelta(1), zone)
    except (ValueError, OverflowError):
        raise UsageError(f"date={date} lies too far away") from None


@ATTEMPTS.get("/dags/{dag}/logs", needs=Role.VIEWER, of=Of.DAG, more=_FIELD, example=specimens.LOGS)
def dag_logs(  # noqa: PLR0913  # a filter is a parameter
    visit: Visiting,
    request: Request,
    page: Paging,
    dag: DagPath,
    date: Annotated[Date, Query(description="the day on which attempts began, in the DAG's zone")],
    level: Annotated[str | None, Query(max_length=20, description="of records, at least")] = None,
    text: Annotated[str, Query(max_length=500, description="stands in the line")] = "",
    task: Annotated[str | None, Query(max_length=300, description="only of this task")] = None,
) -> LogSearch:
    """Lines of all attempts of a DAG and day, the newest attempt first; `field.symbol=BTC` filters by a field."""
    wanted = _filter(request, level, text)
    question = ("logs", dag, date, level, text, task, sorted(wanted.fields.items()))
    after = page.after(visit, *question)
    before, offset = (None, 0) if after is None else (int(after[0]), int(after[1]))
    with visit.reading() as reading:
        view, spec = reading.dag(dag)
        since, until = _day(date, spec.timezone)
        query = AttemptQuery(view.dag, since, until, task=task, before=before, limit=_AT_ONCE)
        attempts = reading.reader.attempt_page(query)
    items, count, rest = search_logs(visit.doors.logs, attempts, wanted, page.limit, offset)
    place = None
    if rest is not None:
        place = (attempts[rest[0]].id + 1, rest[1])
    elif len(attempts) == _AT_ONCE:
        place = (attempts[-1].id, 0)
    next_ = None if place is None else page.pointer(visit, place, *question)
    return LogSearch(dag, date.isoformat(), items, count, next_)
