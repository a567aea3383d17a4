from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.model.errors import Fail
from segue.tasks.template import places_of, render, render_places
from segue.testing import context

DAY = context("2026-04-01", params={"customer": "x'; rm -rf / #", "n": 3})


@pytest.mark.parametrize(
    ("text", "rendered"),
    [
        ("{{ ds }} {{ ds_nodash }}", "2026-04-01 20260401"),
        ("{{ interval.start | strftime('%d.%m.%Y') }}", "01.04.2026"),
        ("{{ params.n + 1 }}", "4"),
        ("{% for i in range(3) %}{{ i }},{% endfor %}", "0,1,2,"),
        ("{{ dag_id }}/{{ task_id }}/{{ attempt }}/{{ map_index }}", "dag/task/1/None"),
        ("{{ partition_key }} {{ run_id }}", "2026-04-01 dag@2026-04-01"),
        ("{{ logical_date.year }} {{ execution_date.month }} {{ data_interval_end.day }}", "2026 4 2"),
        ("no template at all\n", "no template at all\n"),
    ],
)
def test_a_template_knows_its_attempt(text, rendered):
    assert render(text, DAY) == rendered


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{{ datestamp }}", "there is no 'datestamp'"),
        ("{{ params.nope }}", "'dict object' has no attribute 'nope'|has no attribute 'nope'"),
        ("{{ ds ", "line 1 of the template"),
        ("{% include '/etc/passwd' %}", "no loader"),
        ("{{ 1 / 0 }}", "ZeroDivisionError"),
        ("{{ ''.__class__.__mro__[1].__subclasses__() }}", "may not"),
        ("{{ interval.__init__.__globals__ }}", "may not"),
        ("{{ params.__class__ }}", "may not"),
        ("{{ range(10 ** 9) | list }}", "OverflowError|range"),
        ("{% for i in range(99999) %}{{ 'x' * 99999 }}{% endfor %}", "more than 1,000,000 characters"),
        ("{{ params.customer | raw_int }}", "ValueError"),
    ],
)
def test_a_template_that_fails_or_escapes_says_where_and_why(text, message):
    with pytest.raises(Fail, match=message) as caught:
        render(text, DAY, place="command")
    assert str(caught.value).startswith(("command", "a template"))


def test_a_template_of_a_run_without_interval_names_the_option():
    assert render("{{ params.n }}", context(params={"n": 1})) == "1"
    with pytest.raises(Fail, match="--date"):
        render("{{ ds }}", context())


def test_only_what_is_written_in_the_file_is_a_template():
    arguments = {"command": "echo {{ ds }}", "env": {"A": "{{ ds }}", "B": "plain"}, "args": ["{% if 1 %}", 2], "n": 1}
    assert places_of(arguments) == ["command", "env/A", "args/0"]


def test_a_value_of_another_task_is_data_even_if_it_looks_like_a_template():
    given_later = {"command": "echo {{ ds }}", "env": {"A": "{{ 7 * 7 }}"}}
    assert render_places(given_later, ["command"], DAY, {}) == {
        "command": "echo 2026-04-01",
        "env": {"A": "{{ 7 * 7 }}"},
    }


@given(st.text(max_size=40))
def test_any_text_renders_or_fails_and_nothing_else(text):
    with suppress(Fail):
        render(text, DAY)


@given(
    st.sampled_from(["{{ ", "{% ", " }}", " %}", "__class__", "params", "[", "]", "(", ")", ".", "|", "attr", "'"]),
    st.data(),
)
def test_pieces_of_templates_render_or_fail(first, data):
    pieces = [
        first,
        *data.draw(
            st.lists(
                st.sampled_from(["{{ ", " }}", "{% for i in ", " %}", "params", ".x", "|list", "()", "0"]), max_size=8
            )
        ),
    ]
    with suppress(Fail):
        render("".join(pieces), DAY)
