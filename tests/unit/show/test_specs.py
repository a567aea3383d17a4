from segue.model.spec import DagSpec, TaskSpec
from segue.show.specs import Specs


class Shelf:
    """Counts how often a version is read."""

    def __init__(self):
        self.asked = []

    def spec(self, dag, number):
        self.asked.append((dag, number))
        return DagSpec(dag, (TaskSpec("a"), TaskSpec("b")) if number else ())


def test_a_version_is_read_once():
    shelf, specs = Shelf(), Specs()
    assert specs.get(shelf, "d", 1) is specs.get(shelf, "d", 1)
    assert shelf.asked == [("d", 1)]


def test_what_is_not_kept_is_looked_for_again():
    shelf, specs = Shelf(), Specs()
    assert specs.get(shelf, "d", 0).tasks == specs.get(shelf, "d", 0).tasks == ()
    assert len(shelf.asked) == 2


def test_the_one_that_was_asked_for_longest_ago_goes_first():
    shelf, specs = Shelf(), Specs(most=4)
    for number in (1, 2, 1, 3, 1, 2):
        specs.get(shelf, "d", number)
    assert shelf.asked == [("d", 1), ("d", 2), ("d", 3), ("d", 2)]


def test_an_id_that_was_given_up_is_read_anew():
    shelf, specs = Shelf(), Specs(most=4)
    specs.get(shelf, "old", 1)
    specs.get(shelf, "new", 1)
    specs.forget(["old"])
    specs.forget([])
    specs.get(shelf, "new", 1)
    specs.get(shelf, "old", 1)
    assert shelf.asked == [("old", 1), ("new", 1), ("old", 1)]
