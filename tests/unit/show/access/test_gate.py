import pytest

from segue.model.access import Grant, Principal, Role, Subject
from segue.model.errors import Forbidden, NotFound, StoreDown, UsageError
from segue.show.access.deciding import decide
from tests.unit.show.access.stage import ADMIN, DAY, GOOD, HOME, MINUTE, NOW, SECOND

VIEWER, OPERATOR = Grant(Role.VIEWER), Grant(Role.OPERATOR, "tag:retail")
RETAIL, OTHERS = Subject("orders", tags=("retail",)), Subject("stock")


class Watched:
    """A book that counts what is asked of it."""

    def __init__(self, book) -> None:
        self._book, self.asked = book, []

    def __getattr__(self, name):
        def asked(*args, **words):
            self.asked.append(name)
            return getattr(self._book, name)(*args, **words)

        return asked


# --------------------------------------------------------------------------------------------------------- recognising
def test_an_idle_request_costs_one_look_up_and_no_hash(stage):
    stage.add("dana")
    entry = stage.enter()
    token, _ = stage.people.add_token("dana", "ci", VIEWER, 9, "root", NOW)
    stage.keeper.by_session(entry.cookie, NOW)
    stage.keeper.by_token(token, NOW)
    stage.keeper._book = watched = Watched(stage.book)
    hashes = len(stage.passwords.verified)
    for at in range(100):
        assert stage.keeper.by_session(entry.cookie, NOW + at) is not None
        assert stage.keeper.by_token(token, NOW + at) is not None
    assert watched.asked == ["changes"] * 200
    assert len(stage.passwords.verified) == hashes


def test_use_is_written_down_now_and_then(stage):
    stage.add("dana")
    entry = stage.enter()
    stage.keeper._book = watched = Watched(stage.book)
    for at in range(60):
        stage.keeper.by_session(entry.cookie, NOW + at * MINUTE)
    assert watched.asked.count("touch_session") == 11


def test_who_may_read_may_do_so_beside_a_full_disk(stage):
    stage.add("dana")
    entry = stage.enter()

    class Full(Watched):
        def touch_session(self, key, now):
            raise StoreDown("the disk is full")

        def write(self, note):
            raise StoreDown("the disk is full")

    stage.keeper._book = Full(stage.book)
    assert stage.keeper.by_session(entry.cookie, NOW + DAY) is not None
    stage.keeper.deny("dana", "POST /", "why", NOW)


@pytest.mark.parametrize("other", ["session as token", "token as session", "secret of another", "key of another"])
def test_a_secret_is_good_for_one_thing_only(stage, other):
    stage.add("dana")
    one, two = stage.enter(), stage.enter()
    token, _ = stage.people.add_token("dana", "ci", VIEWER, 9, "root", NOW)
    tried = {
        "session as token": lambda: stage.keeper.by_token("segue_" + one.cookie.replace(".", "_"), NOW),
        "token as session": lambda: stage.keeper.by_session(token.removeprefix("segue_").replace("_", ".", 1), NOW),
        "secret of another": lambda: stage.keeper.by_session(one.cookie[:17] + two.cookie[17:], NOW),
        "key of another": lambda: stage.keeper.by_session(two.cookie[:17] + one.cookie[17:], NOW),
    }
    assert stage.keeper.by_session(one.cookie, NOW) is not None
    assert tried[other]() is None


def test_a_wrong_secret_does_not_spoil_what_is_remembered(stage):
    stage.add("dana")
    entry = stage.enter()
    wrong = entry.cookie[:-1] + ("a" if entry.cookie[-1] != "a" else "b")
    assert stage.keeper.by_session(wrong, NOW) is None
    assert stage.keeper.by_session(entry.cookie, NOW).csrf == entry.principal.csrf
    assert stage.keeper.by_session(wrong, NOW) is None


def test_what_still_stands_is_told_with_what_it_may_now(stage):
    stage.add("root-of-all")
    stage.add("dana", OPERATOR)
    token, _ = stage.people.add_token("dana", "ci", ADMIN, 9, "root", NOW)
    before = stage.keeper.by_token(token, NOW)
    stage.people.set_grants("dana", [VIEWER], "root", NOW)
    now = stage.keeper.still(before, NOW)
    assert [decide(before, Role.OPERATOR, RETAIL), decide(now, Role.OPERATOR, RETAIL)] == [True, False]
    assert stage.keeper.still(Principal("dana", (), "session", "0" * 16), NOW) is None


def test_what_still_stands_is_told_also_where_another_process_has_taken_a_right_away(stage):
    stage.add("root-of-all")
    stage.add("dana", OPERATOR)
    token, _ = stage.people.add_token("dana", "ci", ADMIN, 9, "root", NOW)
    before = stage.keeper.by_token(token, NOW)
    with stage.elsewhere() as other:
        other.people.set_grants("dana", [VIEWER], "root", NOW)
    assert not decide(stage.keeper.still(before, NOW), Role.OPERATOR, RETAIL)


def test_a_right_that_was_lost_while_it_was_read_is_not_remembered(stage):
    stage.add("dana")
    entry = stage.enter()

    class Late(Watched):
        def session(self, key):
            kept = self._book.session(key)
            stage.people.end_sessions("dana", "root", NOW)  # between reading it and remembering it
            return kept

    book = stage.keeper._book
    stage.keeper._book = Late(stage.book)
    stage.keeper.by_session(entry.cookie, NOW)
    stage.keeper._book = book
    assert stage.keeper.by_session(entry.cookie, NOW) is None


def test_who_has_left_is_not_told_any_more(stage):
    stage.add("dana")
    told = []
    end = stage.keeper.watch(lambda: told.append(1))
    stage.people.end_sessions("dana", "root", NOW)
    end()
    end()
    stage.people.end_sessions("dana", "root", NOW)
    assert told == [1]


# -------------------------------------------------------------------------------------------------------------- tokens
def test_a_token_never_may_more_than_its_user(stage):
    stage.add("root-of-all")
    stage.add("dana", OPERATOR)
    token, kept = stage.people.add_token("dana", "ci", ADMIN, None, "root", NOW)
    principal = stage.keeper.by_token(token, NOW)
    assert (principal.name, principal.via, principal.until) == ("dana/ci", "token", NOW + 90 * DAY)
    assert decide(principal, Role.OPERATOR, RETAIL)
    assert not decide(principal, Role.OPERATOR, OTHERS)
    assert not decide(principal, Role.AUTHOR, RETAIL)
    stage.people.set_disabled("dana", True, "root", NOW)
    assert stage.keeper.by_token(token, NOW) is None
    stage.people.set_disabled("dana", False, "root", NOW)
    assert stage.keeper.by_token(token, NOW) is not None
    assert stage.keeper.by_token(token, kept.until) is None


def test_a_revoked_token_is_refused_at_once_here_and_in_another_process(stage):
    stage.add("dana")
    for name in ("here", "there"):
        token, _ = stage.people.add_token("dana", name, ADMIN, 9, "root", NOW)
        assert stage.keeper.by_token(token, NOW) is not None
        if name == "here":
            stage.people.revoke_token("dana", name, "root", NOW)
        else:
            with stage.elsewhere() as other:
                other.people.revoke_token("dana", name, "root", NOW)
        assert stage.keeper.by_token(token, NOW) is None


def test_own_tokens_are_made_signed_in_and_those_of_others_by_an_admin(stage):
    stage.add("root-of-all")
    stage.add("dana", OPERATOR)
    dana, root = stage.enter("dana").principal, stage.enter("root-of-all").principal
    made, _ = stage.people.add_token("dana", "own", OPERATOR, 9, dana, NOW)
    stage.people.add_token("dana", "given", OPERATOR, 9, root, NOW)
    with pytest.raises(Forbidden, match="tokens of root-of-all"):
        stage.people.add_token("root-of-all", "stolen", ADMIN, 9, dana, NOW)
    with pytest.raises(Forbidden, match="tokens of root-of-all"):
        stage.people.revoke_token("root-of-all", "any", dana, NOW)
    with pytest.raises(Forbidden, match="tokens of dana"):
        stage.people.add_token("dana", "wider", ADMIN, 9, stage.keeper.by_token(made, NOW), NOW)


def test_a_token_may_end_itself_and_no_other(stage):
    stage.add("dana", OPERATOR)
    one, _ = stage.people.add_token("dana", "one", VIEWER, 9, "root", NOW)
    stage.people.add_token("dana", "two", VIEWER, 9, "root", NOW)
    itself = stage.keeper.by_token(one, NOW)
    with pytest.raises(Forbidden):
        stage.people.revoke_token("dana", "two", itself, NOW)
    stage.people.revoke_token("dana", "one", itself, NOW)
    assert [token.name for token in stage.people.tokens("dana")] == ["two"]


@pytest.mark.parametrize("name", ["", "a b", "a/b", "ä", "-a", "a" * 65, "a\n"])
def test_a_token_has_a_name_and_an_end(stage, name):
    stage.add("dana")
    with pytest.raises(UsageError, match="is no name of a token"):
        stage.people.add_token("dana", name, VIEWER, 9, "root", NOW)
    for days in (0, -1, 3_651, 10**20):
        with pytest.raises(UsageError, match="1 to 3650 days"):
            stage.people.add_token("dana", "ci", VIEWER, days, "root", NOW)


# --------------------------------------------------------------------------------------------------------------- users
@pytest.mark.parametrize("name", ["", "Dana", "a b", "a/b", "ä", "-a", ".a", "a" * 65, "a\n", "../x", "🦑", "a\x00"])
def test_a_user_has_a_name(stage, name):
    with pytest.raises(UsageError, match="is no name of a user"):
        stage.people.add_user(name, [VIEWER], GOOD, "root", NOW)


def test_who_is_not_there_is_not_found(stage):
    for change in (
        lambda: stage.people.user("no"),
        lambda: stage.people.set_password("no", GOOD, "root", NOW),
        lambda: stage.people.set_grants("no", [], "root", NOW),
        lambda: stage.people.set_disabled("no", True, "root", NOW),
        lambda: stage.people.remove_user("no", "root", NOW),
        lambda: stage.people.revoke_token("no", "ci", "root", NOW),
    ):
        with pytest.raises(NotFound):
            change()


# --------------------------------------------------------------------------------------------------------------- audit
def test_every_refusal_is_written_down_and_a_flood_is_counted(stage):
    for at in range(1_000):
        stage.keeper.deny("", "POST /api/v1/runs/retry", "sign in first", NOW + at, HOME)
    stage.keeper.deny("dana", "POST /api/v1/runs/retry", "not allowed", NOW)
    assert stage.audit().count(("", "POST /api/v1/runs/retry", False)) == 30
    assert stage.audit()[0] == ("dana", "POST /api/v1/runs/retry", False)
    stage.keeper.deny("", "POST /api/v1/drain", "sign in first", NOW + 61 * SECOND, HOME)
    newest, counted = stage.keeper.audit(limit=2)
    assert (newest.note.action, newest.note.address) == ("POST /api/v1/drain", HOME)
    assert counted.note.text == "970 more refusals in the minute before were not written"
