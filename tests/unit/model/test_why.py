import re

import pytest

from segue.model.why import SENTENCES, Why, say


@pytest.mark.parametrize("code", SENTENCES)
def test_every_reason_can_be_said_with_as_many_arguments_as_it_names(code):
    places = set(re.findall(r"\{(\d*)\}", SENTENCES[code]))
    assert places == {str(at) for at in range(len(places))}
    words = tuple(f"<{at}>" for at in range(len(places)))
    said = say(Why(code, words))
    assert all(word in said for word in words)
    assert said == str(Why(code, words))


@pytest.mark.parametrize("code", SENTENCES)
def test_a_reason_is_a_sentence_without_full_stop(code):
    assert not SENTENCES[code].endswith(".")


def test_braces_in_an_argument_are_only_text():
    assert say(Why("failed", ("{0} {x}",))) == "{0} {x}"
