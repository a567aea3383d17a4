"""What an attempt looks like that was never run."""

import msgspec
import pytest

from segue.app.likeness import drawn_spans, usage_of, write_log
from segue.engine.cast import SECOND
from segue.model.commands import Brief, Launch
from segue.model.events import Cancelled, Ended, Failure, Lost, LostCause, Value
from segue.model.ids import AttemptKey, Instant, RunKey
from segue.model.spec import DagSpec, MapSpec, Over, Rules, TaskSpec
from segue.run.executors.logfile import log_path

RUN = RunKey("d", "k", 1)
BRIEF = Brief(RUN, "b", "dags.py", "", "UTC")
SOURCE = TaskSpec("load", Rules(role="source"), line=7)
FAILED = Failure("Simulated", "it is simulated")


def launch(task=SOURCE, number=1, kind="user"):
    return Launch(AttemptKey(RUN, task.id, None, number), b"fence", BRIEF, task, kind=kind)


def ended(outcome, of=None, seconds=10):
    of = launch() if of is None else of
    return Ended(of.key, of.fence, Instant(0), Instant(seconds * SECOND), outcome)


def lines_of(folder, of):
    return [msgspec.json.decode(line) for line in (folder / log_path(of.key)).read_bytes().splitlines()]


def test_rows_come_from_what_makes_data_and_has_gone_well():
    assert usage_of(launch(), ended(Value()), 1, 7).rows > 0
    assert usage_of(launch(), ended(FAILED), 1, 7).rows is None
    assert (
        usage_of(launch(), Lost(launch().key, b"", Instant(0), Instant(1), LostCause.SIGNAL, signal=9), 1, 7).rows
        is None
    )
    hook, between = launch(kind="hook"), launch(TaskSpec("mid", after=("load",)))
    assert usage_of(hook, ended(Value(), hook), 1, 7).rows is None
    assert usage_of(between, ended(Value(), between), 1, 7).rows is None


def test_no_more_than_one_core_is_used_and_memory_is_that_of_the_task():
    some = [usage_of(launch(number=number), ended(Value()), 3, 7) for number in range(1, 50)]
    assert all(0 < one.cpu <= 0.95 * 10 * SECOND for one in some)
    assert max(one.peak_rss for one in some) < 1.2 * min(one.peak_rss for one in some)
    assert {one.worker for one in some} == {"3"}
    assert usage_of(launch(), Ended(launch().key, b"", None, Instant(9), Cancelled(False)), 1, 7).cpu == 0


def test_a_log_says_that_nothing_was_run_and_how_it_ended(tmp_path):
    word = ended(FAILED)
    write_log(tmp_path, launch(), Instant(0), word)
    first, last = lines_of(tmp_path, launch())
    assert (first["t"], first["msg"]) == ("1970-01-01T00:00:00.000000Z", "simulated: dags.py was not run")
    assert last["msg"].splitlines()[1:] == ['  File "dags.py", line 7, in load', "Simulated: it is simulated"]


@pytest.mark.parametrize("outcome", [None, Value()])
def test_a_log_stands_in_the_place_of_the_one_of_a_play_that_was_given_up(tmp_path, outcome):
    write_log(tmp_path, launch(), Instant(0), ended(FAILED))
    word = None if outcome is None else ended(outcome)
    write_log(tmp_path, launch(), Instant(5 * SECOND), word)
    assert [line["t"] for line in lines_of(tmp_path, launch())] == ["1970-01-01T00:00:05.000000Z"]


def test_a_task_lasts_around_as_long_each_time_and_a_mapped_one_has_several_items():
    mapped = TaskSpec("each", mapped=MapSpec("zip", (Over("row", "load"),)))
    spans = drawn_spans(DagSpec("d", (SOURCE, mapped)), 7)
    usual = sorted(spans["load"])[30]
    assert min(spans["load"]) >= 2 * SECOND * 0.8 and max(spans["load"]) <= 60 * SECOND * 1.3 * 2.5
    assert len(spans["load"]) == 60 and len(spans["each"]) % 60 == 0 and len(spans["each"]) >= 120
    assert sum(0.5 * usual < one < 2 * usual for one in spans["load"]) > 50
    assert spans == drawn_spans(DagSpec("d", (SOURCE, mapped)), 7) != drawn_spans(DagSpec("d", (SOURCE, mapped)), 8)
