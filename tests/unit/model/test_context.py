from segue.define.context import RunContext
from segue.model import context
from segue.testing import context as context_of


def test_what_a_task_may_ask_is_what_the_context_of_an_attempt_answers():
    asked = {name for name in vars(context.Context) if not name.startswith("_")}
    assert {"interval", "logical_date", "ds", "report", "log", "params"} <= asked
    assert asked <= set(dir(RunContext))
    assert context_of("2026-04-01").ds == "2026-04-01"
