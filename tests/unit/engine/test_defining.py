"""Files and DAGs: where one is declared, when it has gone, and files that are deployed together."""

from __future__ import annotations

from msgspec import structs

from segue.model.acts import Deploy
from segue.model.changes import DefinitionFailed, SlotsForetold, TimingSet, VersionAdded
from segue.model.definition import Defined, Definition, FileError
from segue.model.ids import Instant
from segue.model.spec import DagSpec
from segue.model.timing import Foretold
from segue.schedule.declare import daily
from tests.unit.engine.driver import DAY, World, dag, task

FIRST = 1_000


def by_day(id: str = "d", **options: object) -> DagSpec:
    return dag(task("a"), id=id, **({"schedule": daily().to_data()} | options))


def file_of(
    name: str, *specs: DagSpec, gone: tuple[str, ...] = (), errors: tuple[FileError, ...] = (), **more: object
) -> Defined:
    """What is read of a file."""
    found = tuple(Definition(structs.replace(spec, file=name), str(hash(spec)), "", "b", **more) for spec in specs)
    return Defined("here", name, found, errors, gone)


class Files(World):
    """A world in which files come and go."""

    def __init__(self, *files: Defined, planning: bool = True) -> None:
        super().__init__(planning=planning, now=FIRST * DAY + DAY // 4)
        self.read(*files)

    def read(self, *files: Defined) -> None:
        """These files are read, in one turn."""
        self.send(*map(self._numbered, files))

    def deploy(self, *files: Defined):
        return self.ask(Deploy(tuple(map(self._numbered, files))))

    def _numbered(self, file: Defined) -> Defined:
        return structs.replace(file, definitions=tuple(map(self.writer.known, file.definitions)))

    @property
    def faults(self) -> list[str]:
        return [one.text for one in self.changes if isinstance(one, DefinitionFailed)]

    @property
    def days(self) -> list[int]:
        """The days that have runs."""
        return sorted(view.row.slot[0] // DAY for view in self.store.runs.values())

    def timing(self, name: str = "d"):
        return self.store.dags[name].timing


def test_an_error_names_its_line_and_its_file_where_that_is_another_one():
    errors = (FileError("a.py", 3, "one"), FileError("a.py", None, "two"), FileError("lib.py", 5, "three"),
              FileError("lib.py", None, "four"))  # fmt: skip
    world = Files()
    world.send(Defined("", "a.py", errors=errors))
    assert world.faults == ["line 3: one\ntwo\nlib.py:5: three\nlib.py: four"]


# ---------------------------------------------------------------------------------------------------- two files, one id
def test_of_two_files_with_one_id_the_first_stays_and_the_second_is_an_error_that_names_both():
    world = Files(file_of("one.py", by_day()))
    world.read(file_of("two.py", by_day(doc="other")))
    assert world.faults == ["DAG d: one.py declares it already, and so does two.py: give one of them another id"]
    assert world.store.dags["d"].file == "one.py"
    world.restart()
    world.read(file_of("two.py", by_day(doc="other")))
    assert len(world.faults) == 1, "also after a restart"


def test_when_the_first_file_lets_go_the_second_can_have_the_id():
    world = Files(file_of("one.py", by_day()))
    world.read(file_of("one.py", gone=("d",)))
    world.read(file_of("two.py", by_day()))
    assert world.faults == []
    assert world.store.dags["d"].file == "two.py"


def test_who_runs_one_file_in_the_foreground_means_that_file():
    world = Files(file_of("one.py", by_day()), planning=False)
    world.read(file_of("two.py", by_day()))
    assert world.faults == []
    assert world.store.dags["d"].file == "two.py"


# ---------------------------------------------------------------------------------------------------------------- gone
def test_a_dag_that_no_file_declares_any_more_is_retired_and_kept():
    world = Files(file_of("one.py", by_day()))
    world.read(file_of("one.py", gone=("d",)))
    assert world.timing().retired
    assert [str(one.why) for one in world.of(TimingSet)] == ["no file declares it any more"]
    world.wait(5 * 86_400)
    assert world.days == []
    world.restart()
    world.wait(5 * 86_400)
    assert world.days == []
    world.read(file_of("one.py", gone=("d",)))
    assert not world.changes, "it is retired once"


def test_runs_of_a_retired_dag_finish():
    world = Files(file_of("one.py", by_day()))
    world.wait(86_400)
    world.read(file_of("one.py", gone=("d",)))
    assert world.labels == ["a"]
    world.play(days=0)
    assert [view.state.value for view in world.store.runs.values()] == ["success"]


def test_only_the_file_that_declares_a_dag_can_let_it_go():
    world = Files(file_of("one.py", by_day()))
    world.read(file_of("two.py", gone=("d", "unheard_of")))
    assert not world.timing().retired


def test_a_dag_that_another_file_declares_in_the_same_turn_has_moved():
    world = Files(file_of("one.py", by_day()))
    before = world.timing()
    world.read(file_of("one.py", gone=("d",)), file_of("two.py", by_day()))
    assert world.timing() == before
    assert world.store.dags["d"].file == "two.py"
    assert [one.version.number for one in world.of(VersionAdded)] == [1], "the same version, from another file"
    world.restart()
    world.read(file_of("two.py", by_day()))
    assert not world.changes


def test_a_retired_dag_that_comes_back_before_anything_fell_due_goes_on_where_it_stood():
    world = Files(file_of("one.py", by_day()))
    before = world.timing()
    world.read(file_of("one.py", gone=("d",)))
    world.wait(3_600)
    world.read(file_of("two.py", by_day()))
    assert world.timing() == before


def test_a_retired_dag_that_comes_back_later_runs_nothing_of_the_time_between():
    world = Files(file_of("one.py", by_day()))
    world.read(file_of("one.py", gone=("d",)))
    world.wait(5 * 86_400)
    world.read(file_of("one.py", by_day()))
    assert world.timing().enabled == world.now
    world.wait(86_400)
    assert world.days == [FIRST + 5]


def test_a_dag_that_goes_twice_is_retired_again():
    world = Files(file_of("one.py", by_day()))
    world.wait(4 * 86_400)
    for _ in range(2):
        world.read(file_of("one.py", gone=("d",)))
        world.read(file_of("one.py", by_day()))
    world.read(file_of("one.py", gone=("d",)))
    world.end("a", run=next(iter(world.alive)).run)
    assert world.timing().retired


def test_a_retired_dag_that_catches_up_runs_the_time_between_when_it_comes_back():
    spec = by_day(catchup=True, start=FIRST * DAY, max_active_runs=9)
    world = Files(file_of("one.py", spec))
    world.read(file_of("one.py", gone=("d",)))
    world.wait(3 * 86_400)
    world.read(file_of("one.py", spec))
    assert world.days == [FIRST, FIRST + 1, FIRST + 2]


def test_a_retired_dag_that_comes_back_with_another_schedule_begins_anew():
    world = Files(file_of("one.py", by_day()))
    world.read(file_of("one.py", gone=("d",)))
    world.wait(5 * 86_400)
    world.read(file_of("one.py", by_day(timezone="Asia/Tokyo")))
    world.wait(2 * 86_400)
    assert all(start >= FIRST + 4 for start in world.days)


# ------------------------------------------------------------------------------------------------------------- foretold
def test_slots_that_are_foretold_are_kept_without_a_new_version():
    slots = ((Instant(0), Instant(1), Instant(2)),)
    world = Files(file_of("one.py", by_day(schedule=("custom", "x"))))
    world.read(file_of("one.py", by_day(schedule=("custom", "x")), foretold=Foretold(slots, Instant(1))))
    assert world.of(SlotsForetold) == [SlotsForetold("d", Foretold(slots, Instant(1)), Instant(world.now))]
    assert not world.of(VersionAdded)


def test_slots_that_fell_due_while_nobody_led_are_not_lost_when_others_are_foretold():
    spec = by_day(schedule=("custom", "x"), max_active_runs=9)
    starts = range(FIRST * DAY, (FIRST + 20) * DAY, DAY)
    slots = tuple((Instant(start), Instant(start + DAY), Instant(start + DAY)) for start in starts)
    world = Files(file_of("one.py", spec, foretold=Foretold(slots[:8], slots[8][0])))
    world.wait(86_400)
    world.now += 3 * DAY
    later = Foretold(slots[3:], slots[-1][1])
    world.read(file_of("one.py", spec, foretold=later))
    assert world.days == [FIRST, FIRST + 1, FIRST + 2, FIRST + 3]
    assert world.of(SlotsForetold)[0].foretold.slots == slots[1:], "what is decided is forgotten"
    world.read(file_of("one.py", by_day(schedule=("custom", "y")), foretold=later))
    assert world.of(SlotsForetold)[-1].foretold == later, "another timetable has other slots"
    world.read(file_of("one.py", by_day(schedule=("custom", "y"))))
    assert world.of(SlotsForetold)[-1].foretold == Foretold()


# ------------------------------------------------------------------------------------------------------------- deploy
def test_a_deploy_takes_all_its_files_in_one_turn():
    world = Files(file_of("one.py", by_day()))
    answer = world.deploy(file_of("one.py", by_day(doc="new")), file_of("two.py", by_day("e")))
    assert (answer.ok, answer.text) == (True, "deployed d, e")
    assert sorted(world.store.dags) == ["d", "e"]
    assert world.store.dags["d"].version == 2


def test_a_deploy_moves_a_dag_from_file_to_file():
    world = Files(file_of("one.py", by_day()))
    assert world.deploy(file_of("two.py", by_day()), file_of("one.py", gone=("d",))).ok
    assert world.store.dags["d"].file == "two.py"
    assert not world.timing().retired


def test_a_deploy_that_only_lets_go_is_no_list_of_dags():
    world = Files(file_of("one.py", by_day()))
    assert world.deploy(file_of("one.py", gone=("d",))).text == "deployed"
    assert world.timing().retired


def refused(world: Files, *files: Defined) -> str:
    """Why a deploy is refused; nothing of it is done."""
    before = dict(world.store.dags)
    answer = world.deploy(*files)
    assert not answer.ok
    assert world.store.dags == before
    assert len(world.changes) == 1
    return answer.text.removeprefix("nothing is deployed: ")


def test_a_deploy_with_one_file_that_cannot_be_read_does_nothing():
    errors = (FileError("two.py", 3, "no such option", "e"), FileError("two.py", None, "cannot be read"))
    why = refused(Files(), file_of("one.py", by_day()), file_of("two.py", errors=errors))
    assert why == "two.py:3: DAG e: no such option; two.py: cannot be read"


def test_a_deploy_that_contradicts_what_is_known_names_file_and_dag():
    world = Files(file_of("one.py", by_day()))
    why = refused(world, file_of("two.py", by_day(), by_day("e")))
    assert why == "two.py: DAG d: one.py declares it already, and so does two.py: give one of them another id"


def test_a_deploy_that_is_refused_leaves_no_trace():
    world = Files(file_of("one.py", by_day(), by_day("e")), file_of("two.py", by_day("f")))
    moved = file_of("one.py", by_day("e", renamed_from="f"), gone=("d",))
    assert refused(world, moved).startswith("one.py: DAG e: it cannot be renamed from f (two.py)")
    assert not world.timing("d").retired
    assert world.trigger("e")


def test_a_deploy_of_one_id_twice_names_both_files():
    why = refused(Files(), file_of("one.py", by_day()), file_of("two.py", by_day()))
    assert why == "one.py and two.py both declare DAG d"


def test_a_deploy_in_which_two_want_one_history_is_refused():
    world = Files(file_of("one.py", by_day("old")))
    files = (file_of("one.py", by_day("d", renamed_from="old"), by_day("e", renamed_from="old")),)
    assert refused(world, *files) == "DAG d and DAG e (one.py) are both renamed from old"


def test_a_deploy_that_renames_what_it_declares_is_refused():
    world = Files(file_of("one.py", by_day("old")))
    files = (file_of("one.py", by_day("old")), file_of("two.py", by_day("d", renamed_from="old")))
    assert refused(world, *files) == "DAG d is renamed from old, which one.py declares"


def test_a_deploy_renames_a_dag_with_its_clock():
    world = Files(file_of("one.py", by_day("old")))
    before = world.timing("old")
    assert world.deploy(file_of("one.py", by_day("d", renamed_from="old"), gone=("old",))).ok
    assert world.timing("d") == before
    world.wait(86_400)
    assert [run.dag for run in world.store.runs] == ["d"]
