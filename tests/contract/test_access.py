"""What the book of users and sessions keeps, on both databases."""

import sqlite3
import stat
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from segue.model.access import Grant, Role
from segue.model.errors import HomeUnusable, Refused, StoreDown
from segue.store.access.book import Claim, Link, Note, Session, Strikes, Token, User
from segue.store.access.postgres import open_book as open_served
from segue.store.access.sqlite import FILE, open_book
from segue.store.postgres import check_database
from segue.store.postgres import open_writer as open_postgres
from tests.contract.stores import _NO_SERVER, NOW, _server

ADMIN, VIEWER = Grant(Role.ADMIN), Grant(Role.VIEWER, "tag:retail")
LATER = NOW + 1_000_000
DAY = 86_400_000_000


class OnSqlite:
    def __init__(self, folder) -> None:
        self._folder = folder

    def open(self):
        return open_book(self._folder)

    def close(self) -> None:
        pass


class OnPostgres:
    def __init__(self, folder) -> None:
        self._server = _server()[0]
        self._name = self._server.new_database()
        self.url = self._server.url(self._name)

    def open(self):
        return open_served(self.url)

    def close(self) -> None:
        self._server.drop_database(self._name)


PLACES = [pytest.param(OnSqlite, id="sqlite"), pytest.param(OnPostgres, id="postgres", marks=_NO_SERVER)]


@pytest.fixture(params=PLACES)
def place(request, tmp_path):
    made = request.param(tmp_path)
    yield made
    made.close()


@pytest.fixture
def book(place):
    with closing(place.open()) as opened:
        yield opened


def note(action="test", at=NOW, **facts) -> Note:
    return Note(at, "dana", action, **facts)


def session(key="s1", user="dana", at=NOW, **facts) -> Session:
    return Session(key, user, b"d" * 32, at, at, at + DAY, **facts)


def add(book, *names, grants=(ADMIN,), **facts) -> None:
    for name in names:
        book.add_user(User(name, NOW, tuple(grants), **facts), note())


def test_a_user_is_read_as_they_were_written(book):
    user = User("dana", NOW, (VIEWER, ADMIN), "$argon2id$…", False, "https://id.test|4711")
    book.add_user(user, note())
    kept = book.user("dana")
    assert {*kept.grants} == {*user.grants}
    assert book.user_of("https://id.test|4711") == kept == book.users()[0]
    assert (kept.password, kept.made, kept.disabled) == ("$argon2id$…", NOW, False)
    assert book.user("nobody") is None
    assert book.user_of("somebody") is None


def test_there_is_one_user_of_a_name(book):
    add(book, "dana")
    with pytest.raises(Refused, match="there is a user 'dana' already"):
        add(book, "dana")
    assert len(book.users()) == len(book.audit()) == 1


def test_what_is_refused_leaves_no_row_in_the_audit(book):
    add(book, "dana")
    with pytest.raises(Refused, match="no user 'bob'"):
        book.set_disabled("bob", True, note("user.disable"))
    with pytest.raises(Refused, match="no user 'bob'"):
        book.set_grants("bob", [ADMIN], note("user.grants"))
    assert [row.note.action for row in book.audit()] == ["test"]


@pytest.mark.parametrize("change", ["set_password", "set_disabled", "set_grants", "remove_user"])
def test_a_change_of_rights_ends_sessions_and_moves_the_counter(book, change):
    add(book, "eve", "dana")
    book.open_session(session(), note())
    book.open_session(session("s2", "eve"), note())
    before = book.changes()
    more = {"set_password": ["hash"], "set_disabled": [True], "set_grants": [[VIEWER]], "remove_user": []}[change]
    getattr(book, change)("dana", *more, note(change))
    assert book.session("s1") is None
    assert book.session("s2") is not None
    assert book.changes() == before + 1
    assert book.audit(limit=1)[0].note.action == change


def test_signing_in_moves_no_counter(book):
    add(book, "dana")
    before = book.changes()
    book.open_session(session(), note())
    book.touch_session("s1", LATER)
    assert book.changes() == before
    assert book.session("s1")[0].seen == LATER


def test_the_last_who_may_do_everything_stays(book):
    add(book, "dana")
    add(book, "bob", grants=[VIEWER])
    for change, more in (("set_disabled", [True]), ("set_grants", [[VIEWER]]), ("remove_user", [])):
        with pytest.raises(Refused, match="nobody who may do everything would be left"):
            getattr(book, change)("dana", *more, note())
    book.remove_user("bob", note())
    book.remove_user("dana", note())  # nobody is locked out where nobody is left
    assert book.users() == []


def test_two_admins_who_remove_each_other_leave_one(book, place):
    add(book, "dana", "eve")
    with closing(place.open()) as other, ThreadPoolExecutor(2) as pool:
        tries = [
            pool.submit(book.set_disabled, "eve", True, note()),
            pool.submit(other.set_disabled, "dana", True, note()),
        ]
        failed = [one for one in tries if isinstance(one.exception(), Refused)]
    assert len(failed) == 1
    assert [user.disabled for user in book.users()].count(True) == 1


def test_a_session_is_read_with_its_user(book):
    add(book, "dana")
    kept = session(how="oidc", address="192.0.2.7")
    assert book.open_session(kept, note("sign-in"))
    assert book.session("s1") == (kept, book.user("dana"))
    assert book.sessions("dana") == [kept]
    assert book.end_session("s1", note())
    assert not book.end_session("s1", note())
    assert book.session("s1") is None


def test_all_sessions_of_a_user_end_together(book):
    add(book, "dana", "eve")
    for key, user in (("s1", "dana"), ("s2", "dana"), ("s3", "eve")):
        book.open_session(session(key, user), note())
    assert book.end_sessions("dana", note()) == 2
    assert [book.session(key) is None for key in ("s1", "s2", "s3")] == [True, True, False]


def test_who_is_made_anew_under_a_name_has_nothing_of_who_bore_it(book):
    add(book, "root", "dana")
    book.add_token(Token("t1", "dana", "ci", b"d" * 32, VIEWER, NOW), note())
    book.open_session(session(), note())
    book.remove_user("dana", note())
    add(book, "dana")
    assert (book.token("t1"), list(book.tokens("dana")), list(book.sessions("dana"))) == (None, [], [])


def test_the_end_of_sessions_stands_in_the_audit(book):
    add(book, "dana")
    for key in ("s1", "s2"):
        book.open_session(session(key), note())
    book.end_session("s1", note("sign-out"))
    book.end_sessions("dana", note("session.end"))
    assert [row.note.action for row in book.audit(limit=2)] == ["session.end", "sign-out"]


def test_the_sessions_of_a_user_come_newest_first(book):
    add(book, "dana")
    for key, at in (("s1", NOW), ("s3", NOW + 2), ("s2", NOW + 1)):
        book.open_session(session(key, at=at), note())
    assert [one.id for one in book.sessions("dana")] == ["s3", "s2", "s1"]


def test_a_session_that_has_ended_by_itself_is_forgotten_at_the_next_one(book):
    add(book, "dana")
    book.open_session(session(), note())
    book.open_session(session("s2", at=NOW + DAY), note())
    assert [one.id for one in book.sessions("dana")] == ["s2"]


def test_who_may_not_enter_gets_no_session(book):
    add(book, "dana", "eve", password="old")
    book.set_disabled("dana", True, note())
    assert not book.open_session(session(), note("sign-in"))
    assert not book.open_session(session(user="nobody"), note("sign-in"))
    assert not book.open_session(session(user="eve"), note("sign-in"), proven="a hash that was theirs a moment ago")
    assert "sign-in" not in {row.note.action for row in book.audit()}


def test_a_token_is_read_with_its_user(book):
    add(book, "dana")
    token = Token("t1", "dana", "ci", b"d" * 32, VIEWER, NOW, LATER)
    book.add_token(token, note("token.add"))
    assert book.token("t1") == (token, book.user("dana"))
    book.touch_token("t1", LATER)
    assert book.token("t1")[0].used == LATER
    assert [one.name for one in book.tokens("dana")] == [one.name for one in book.tokens()] == ["ci"]
    with pytest.raises(Refused, match="a token 'ci' already"):
        book.add_token(Token("t2", "dana", "ci", b"e" * 32, VIEWER, NOW), note())
    with pytest.raises(Refused, match="no user 'bob'"):
        book.add_token(Token("t2", "bob", "ci", b"e" * 32, VIEWER, NOW), note())
    before = book.changes()
    assert book.revoke_token("t1", note())
    assert book.changes() == before + 1
    assert book.token("t1") is None


def test_tokens_go_with_their_user(book):
    add(book, "dana", "eve")
    book.add_token(Token("t1", "eve", "ci", b"d" * 32, VIEWER, NOW), note())
    book.remove_user("eve", note())
    assert book.token("t1") is None


def test_failed_tries_are_judged_one_after_the_other(book, place):
    def judge(found):
        return [Strikes(1 if one is None else one.count + 1, NOW, NOW) for one in found]

    counted = []
    with closing(place.open()) as other, ThreadPoolExecutor(4) as pool:
        for at in range(20):
            pool.submit((book, other)[at % 2].weigh, "dana", "192.0.2.7", judge, NOW)
    book.weigh("dana", "192.0.2.7", lambda found: counted.extend(found), NOW)
    assert [one.count for one in counted] == [20, 20, 20]


def test_failed_tries_are_forgotten_when_a_password_fits(book):
    add(book, "dana", password="hash")
    seen = []
    for address in ("192.0.2.7", "192.0.2.8"):
        book.weigh("dana", address, lambda found: [Strikes(3, NOW, NOW)] * 3, NOW)
    book.open_session(session(address="192.0.2.7"), note(), proven="hash")
    for address in ("192.0.2.7", "192.0.2.8"):
        book.weigh("dana", address, lambda found: seen.append([one and one.count for one in found]), NOW)
    assert seen == [[None, 3, None], [None, 3, 3]]


def test_old_tries_are_forgotten_but_for_what_counts_against_a_user(book):
    add(book, "dana")
    for name in ("dana", "nobody"):
        book.weigh(name, "192.0.2.7", lambda found: [Strikes(3, NOW, NOW)] * 3, NOW)
    late = NOW + 2 * DAY
    book.weigh("other", "192.0.2.9", lambda found: [Strikes(1, late, late)] * 3, late)
    seen = []
    for name in ("dana", "nobody"):
        book.weigh(name, "192.0.2.7", lambda found: seen.append([one and one.count for one in found]), late)
    assert seen == [[3, None, None], [None, None, None]]


def test_a_link_is_spent_once_though_many_try_at_once(book, place):
    link = Link("l1", "dana", b"d" * 32, LATER, True)
    book.add_link(link, note())
    assert book.link("l1") == link
    newcomer = User("dana", NOW, (ADMIN,))
    with closing(place.open()) as other, ThreadPoolExecutor(8) as pool:
        spent = [pool.submit((book, other)[at % 2].spend_link, link, newcomer, note()) for at in range(16)]
    assert [one.result() for one in spent].count(True) == 1
    assert [user.name for user in book.users()] == ["dana"]


def test_a_link_for_the_first_user_is_void_where_there_is_one(book):
    link = Link("l1", "dana", b"d" * 32, LATER, True)
    book.add_link(link, note())
    add(book, "eve")
    assert not book.spend_link(link, User("dana", NOW, (ADMIN,)), note())
    assert [user.name for user in book.users()] == ["eve"]


def test_another_password_voids_links(book):
    add(book, "dana")
    book.add_link(Link("l1", "dana", b"d" * 32, LATER), note())
    book.set_password("dana", "hash", note())
    assert book.link("l1") is None


def test_the_audit_is_read_page_by_page(book):
    for at in range(7):
        book.write(Note(NOW + at, "dana" if at % 2 else "eve", f"a{at}", "what", "why", at % 3 == 0, "192.0.2.7"))
    first = book.audit(limit=3)
    rest = book.audit(first[-1].number, limit=9)
    assert [row.note.action for row in (*first, *rest)] == [f"a{at}" for at in reversed(range(7))]
    assert [row.note.action for row in book.audit(actor="dana")] == ["a5", "a3", "a1"]
    assert [row.note.action for row in book.audit(ok=True)] == ["a6", "a3", "a0"]
    assert [row.note.action for row in book.audit(actor="dana", ok=False)] == ["a5", "a1"]
    assert first[0].note == Note(NOW + 6, "eve", "a6", "what", "why", True, "192.0.2.7")


def test_what_was_written_is_there_after_a_restart(book, place):
    add(book, "dana")
    with closing(place.open()) as other:
        assert other.user("dana") == book.user("dana")


def test_strange_text_is_kept_or_made_harmless(book):
    book.write(Note(NOW, "' OR 1=1 --", "sign-in", "🦑\x1b[31m", "a\nb", False, "::1"))
    assert book.audit()[0].note.actor == "' OR 1=1 --"
    assert book.user("' OR 1=1 --") is None


# ----------------------------------------------------------------------------------------------------------- of a file
def test_the_file_is_for_its_owner_only(tmp_path):
    with closing(open_book(tmp_path)) as book:
        add(book, "dana")
        assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()} == {0o600}


def test_a_newer_version_is_refused(tmp_path):
    open_book(tmp_path).close()
    with closing(sqlite3.connect(tmp_path / FILE)) as raw, raw:
        raw.execute("UPDATE access_meta SET value = 2 WHERE name = 'version'")
    with pytest.raises(HomeUnusable, match="of version 2, this Segue reads version 1"):
        open_book(tmp_path)


def test_a_file_of_something_else_is_refused(tmp_path):
    with closing(sqlite3.connect(tmp_path / FILE)) as raw, raw:
        raw.execute("CREATE TABLE other (a)")
    with pytest.raises(HomeUnusable, match="something else"):
        open_book(tmp_path)
    (tmp_path / FILE).write_bytes(b"no database at all, but long enough to be looked at as one" * 100)
    with pytest.raises(HomeUnusable, match="damaged"):
        open_book(tmp_path)


def test_a_folder_that_is_not_there_is_no_bug(tmp_path):
    with pytest.raises(StoreDown):
        open_book(tmp_path / "gone")


# --------------------------------------------------------------------------------------------------------------- claims
def test_a_key_is_of_whoever_was_first_also_after_a_restart_and_its_answer_is_kept(place):
    with closing(place.open()) as book:
        assert book.claim("k", b"one", NOW) == Claim(b"one", NOW)
        assert book.claim("k", b"two", LATER) == Claim(b"one", NOW)
        book.settle("k", 200, '{"done": []}')
    with closing(place.open()) as book:
        book.release("k")
        assert book.claim("k", b"two", LATER) == Claim(b"one", NOW, 200, '{"done": []}')


def test_a_key_that_came_to_nothing_or_is_a_day_old_is_free(book):
    book.claim("k", b"one", NOW)
    book.release("k")
    assert book.claim("k", b"two", LATER).digest == b"two"
    book.settle("k", 409, "no")
    assert book.claim("k", b"three", LATER + DAY).status == 409
    assert book.claim("k", b"three", LATER + DAY + 1) == Claim(b"three", LATER + DAY + 1)


def test_a_book_from_before_there_were_claims_gets_them(tmp_path):
    open_book(tmp_path).close()
    with closing(sqlite3.connect(tmp_path / FILE)) as line:
        line.execute("DROP TABLE access_claims")
    with closing(open_book(tmp_path)) as book:
        assert book.claim("k", b"one", NOW) == Claim(b"one", NOW)


# --------------------------------------------------------------------------------------------------------- of a server
@pytest.fixture
def served(tmp_path):
    made = OnPostgres(tmp_path)
    yield made
    made.close()


@_NO_SERVER
def test_users_may_be_there_before_the_main_tables(served):
    with closing(served.open()) as book:
        add(book, "dana")
        assert check_database(served.url) == 0
        open_postgres(served.url, NOW).close()
        assert book.user("dana") is not None


@_NO_SERVER
def test_a_line_that_was_cut_is_opened_again(served):
    with closing(served.open()) as book:
        add(book, "dana")
        _server()[0].execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'segue access'"
        )
        with pytest.raises(StoreDown):
            book.users()
        assert book.user("dana") is not None
