"""`renamed_from`: one id hands its history to one other."""

import pytest

HEAD = "from segue import Dag, dag, task\n@task\ndef a(): ...\n@task\ndef b(): ...\n"


def messages(load, text):
    return [error.message for error in load(HEAD + text).errors]


def test_the_former_ids_of_dag_and_task_stand_in_the_spec(load):
    text = "@dag(renamed_from='old')\ndef d():\n    a.with_options(renamed_from='g.z')()\n"
    (spec,) = load(HEAD + text).specs
    assert (spec.renamed_from, spec.tasks[0].renamed_from) == ("old", "g.z")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("@dag\ndef d():\n    a(); b.with_options(renamed_from='a')()\n", "renamed from a, which is still there"),
        (
            "@dag\ndef d():\n    a.with_options(renamed_from='z')(); b.with_options(renamed_from='z')()\n",
            "tasks a and b were both renamed from z",
        ),
        ("with Dag('x'): a()\nwith Dag('y', renamed_from='x'): a()\n", "renamed from x, which is still there"),
        (
            "with Dag('x', renamed_from='z'): a()\nwith Dag('y', renamed_from='z'): a()\n",
            "DAGs x and y were both renamed from z",
        ),
        ("with Dag('x', defaults={'renamed_from': 'z'}): a()\n", "cannot hold renamed_from: it names one task"),
    ],
)
def test_one_history_goes_to_one_heir(load, text, said):
    (message,) = messages(load, text)
    assert said in message
