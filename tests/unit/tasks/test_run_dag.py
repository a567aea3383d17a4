"""`t.run_dag`: what it says to the engine, and what `segue check` learns of it."""

from segue import Dag, flow, testing
from segue import tasks as t
from segue.model.events import StartsRun
from segue.model.state import RunState
from segue.model.value import decode
from segue.testing.given import spec_of


def test_it_says_which_dag_it_starts():
    with Dag("outer") as outer:
        t.run_dag("daily", {"n": 1}, wait=True)
    (task,) = spec_of(outer).tasks
    assert task.starts == ("daily",)


def test_texts_among_its_params_are_templates_and_values_of_flows_are_not():
    with testing.context("2026-04-01"):
        said = t.run_dag("daily", {"day": "{{ ds }}", "n": 1})
    assert isinstance(said, StartsRun)
    assert (said.dag, decode(said.params), said.wait) == ("daily", {"day": "2026-04-01", "n": 1}, False)

    @flow
    def body():
        return t.run_dag("daily", {"day": "{{ ds }}"})

    with testing.context("2026-04-01"):
        assert decode(body().params) == {"day": "{{ ds }}"}


def test_a_dag_that_is_not_there_fails_the_task():
    with Dag("outer") as outer:
        t.run_dag("nowhere")
    result = testing.run(outer)
    assert result.state is RunState.FAILED
