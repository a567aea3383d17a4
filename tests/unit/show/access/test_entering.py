import sqlite3
from concurrent.futures import ThreadPoolExecutor

import pytest

from segue.model.access import Grant, Role
from segue.model.errors import Forbidden, Refused, UsageError
from segue.show.access.entering import LIFE, LINK_LIFE, Entry
from segue.show.access.gate import IDLE
from segue.show.access.throttling import CEILING, Throttled
from tests.unit.show.access.stage import ADMIN, AWAY, DAY, GOOD, HOME, HOUR, MINUTE, NOW, OTHER, SECOND, Stage

VIEWER = Grant(Role.VIEWER)


# ------------------------------------------------------------------------------------------------------------- signing
def test_who_knows_the_password_comes_in(stage):
    stage.add("dana")
    entry = stage.enter(" Dana ")
    assert entry.principal.name == "dana"
    assert stage.keeper.by_session(entry.cookie, NOW) == entry.principal
    assert (entry.principal.via, entry.principal.until, len(entry.principal.csrf)) == ("session", NOW + LIFE, 64)


@pytest.mark.parametrize(
    ("name", "password"),
    [("dana", "wrong"), ("nobody", GOOD), ("", ""), ("dana", ""), ("dana", GOOD * 100), ("' OR 1=1 --", GOOD)],
)
def test_who_does_not_know_it_stays_out_and_is_told_nothing_else(stage, name, password):
    stage.add("dana")
    assert stage.enter(name, password) is None
    assert len(stage.passwords.verified) == 1  # an unknown user costs the same
    assert ("", "sign-in", False) in stage.audit()


def test_who_has_no_password_or_is_disabled_costs_the_same_and_stays_out(stage):
    stage.add("dana")
    stage.add("eve", VIEWER, password=None)
    stage.add("bob", VIEWER)
    stage.people.set_disabled("bob", True, "dana", NOW)
    assert stage.enter("eve", "") is stage.enter("bob") is None
    assert stage.passwords.verified == [False, False]


def test_every_sign_in_begins_a_new_session(stage):
    stage.add("dana")
    one, other = stage.enter(), stage.enter()
    assert one.cookie != other.cookie
    assert one.principal.key != other.principal.key
    assert one.principal.csrf != other.principal.csrf


def test_a_cookie_that_was_planted_is_worth_nothing(stage):
    stage.add("dana")
    planted = stage.mint.make()
    assert stage.keeper.by_session(planted.text, NOW) is None
    entry = stage.enter()
    assert entry.cookie != planted.text
    assert stage.keeper.by_session(planted.text, NOW) is None


# ------------------------------------------------------------------------------------------------------------ throttle
def test_an_hour_of_guesses_costs_few_hashes_and_the_owner_enters_from_elsewhere(stage):
    stage.add("dana")
    for at in range(2_000):
        stage.enter(password=f"guess-{at}", now=NOW + at * 1_800_000)
        if at % 500 == 200:
            assert isinstance(stage.enter(address=AWAY, now=NOW + at * 1_800_000), Entry)
    assert 5 < len(stage.passwords.verified) <= 120
    assert isinstance(stage.enter(now=NOW + HOUR), Throttled)


def test_a_hundred_failures_in_a_row_close_the_password_and_only_that(stage):
    stage.add("dana")
    inside = stage.enter()
    token, _ = stage.people.add_token("dana", "ci", VIEWER, 9, "root", NOW)
    for at in range(CEILING):
        assert stage.enter(password="wrong", address=f"192.0.2.{at}", now=NOW + at) is None
    later = NOW + 3 * DAY
    assert stage.enter(address=AWAY, now=later) == Throttled(0)
    assert stage.keeper.by_session(inside.cookie, later) is not None
    assert stage.keeper.by_token(token, later) is not None
    stage.people.set_password("dana", OTHER, "root", later)
    assert isinstance(stage.enter(password=OTHER, address=AWAY, now=later), Entry)


def test_a_success_forgives_what_was_mistyped(stage):
    stage.add("dana")
    for at in range(CEILING + CEILING // 2):
        stage.enter(password="wrong" if at % 4 else GOOD, now=NOW + at * MINUTE)
    assert isinstance(stage.enter(now=NOW + HOUR * 9), Entry)


def test_who_comes_from_the_same_address_waits_also_with_the_right_password(stage):
    stage.add("dana")
    for _ in range(5):
        stage.enter(password="wrong")
    assert stage.enter() == Throttled(1)
    assert isinstance(stage.enter(now=NOW + SECOND), Entry)


def test_all_addresses_of_one_network_are_one_guesser_and_may_be_forgiven_together(stage):
    stage.add("dana")
    for at in range(5):
        assert stage.enter(password="wrong", address=f"2001:db8:1:2::{at}") is None
    assert stage.enter(address="2001:db8:1:2::ffff") == Throttled(1)
    assert isinstance(stage.enter(address="2001:db8:1:2::ffff", now=NOW + SECOND), Entry)
    assert stage.enter(password="wrong", address="2001:db8:1:2::1", now=NOW + SECOND) is None, "it begins anew"


def test_guesses_at_once_are_counted_before_any_is_looked_at(stage):
    stage.add("dana")
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda at: stage.enter(password=f"guess-{at}"), range(64)))
    assert len(stage.passwords.verified) == 5


def test_unknown_names_are_throttled_like_known_ones(stage):
    stage.add("dana")
    told = [[stage.enter(name, "wrong", address) for _ in range(8)] for name, address in (("dana", HOME), ("no", AWAY))]
    assert told[0] == told[1]


# ---------------------------------------------------------------------------------------------------------- revocation
def ways_to_end(stage, entry):
    return {
        "sign-out": lambda: stage.entering.sign_out(entry.principal, NOW),
        "password": lambda: stage.people.set_password("dana", OTHER, "root", NOW),
        "own password": lambda: stage.entering.change_password(entry.principal, GOOD, OTHER, HOME, NOW),
        "role": lambda: stage.people.set_grants("dana", [VIEWER], "root", NOW),
        "disable": lambda: stage.people.set_disabled("dana", True, "root", NOW),
        "remove": lambda: stage.people.remove_user("dana", "root", NOW),
        "everywhere": lambda: stage.people.end_sessions("dana", "root", NOW),
    }


WAYS = ["sign-out", "password", "own password", "role", "disable", "remove", "everywhere"]


@pytest.mark.parametrize("way", WAYS)
def test_what_has_ended_is_refused_at_once_and_streams_are_told(stage, way):
    stage.add("root-of-all")
    stage.add("dana")
    entry, told = stage.enter(), []
    assert stage.keeper.by_session(entry.cookie, NOW) is not None
    stage.keeper.watch(lambda: told.append(stage.keeper.still(entry.principal, NOW)))
    ways_to_end(stage, entry)[way]()
    assert told == [None]
    assert stage.keeper.by_session(entry.cookie, NOW) is None


@pytest.mark.parametrize("way", WAYS)
def test_what_another_process_has_ended_is_refused_at_once(stage, way):
    stage.add("root-of-all")
    stage.add("dana")
    entry, told = stage.enter(), []
    stage.keeper.watch(lambda: told.append(stage.keeper.still(entry.principal, NOW)))
    assert stage.keeper.by_session(entry.cookie, NOW) is not None
    with stage.elsewhere() as other:
        ways_to_end(other, entry)[way]()
    stage.keeper.refresh()
    assert told == [None]
    assert stage.keeper.by_session(entry.cookie, NOW) is None


def test_a_session_ends_by_itself(stage):
    stage.add("dana")
    used, unused = stage.enter(), stage.enter()
    day = NOW
    while day < NOW + LIFE:
        assert stage.keeper.by_session(used.cookie, day) is not None
        day += DAY
    assert stage.keeper.by_session(used.cookie, NOW + LIFE) is None
    assert stage.keeper.still(used.principal, NOW + LIFE) is None
    assert stage.keeper.by_session(unused.cookie, NOW + IDLE) is None


def test_use_in_another_process_keeps_a_session_alive(stage):
    stage.add("dana")
    entry = stage.enter()
    stage.keeper.by_session(entry.cookie, NOW)
    with stage.elsewhere() as other:
        assert other.keeper.by_session(entry.cookie, NOW + IDLE - 1) is not None
    assert stage.keeper.by_session(entry.cookie, NOW + IDLE) is not None


# ------------------------------------------------------------------------------------------------------ own password
def test_ones_own_password_needs_the_old_one(stage):
    stage.add("dana")
    entry = stage.enter()
    assert stage.entering.change_password(entry.principal, "wrong", OTHER, HOME, NOW) is None
    fresh = stage.entering.change_password(entry.principal, GOOD, OTHER, HOME, NOW)
    assert stage.keeper.by_session(fresh.cookie, NOW) is not None
    assert stage.enter() is None
    assert isinstance(stage.enter(password=OTHER), Entry)


def test_the_old_password_is_not_guessed_behind_a_stolen_session(stage):
    stage.add("dana")
    entry = stage.enter()
    tries = [stage.entering.change_password(entry.principal, f"guess-{at}", OTHER, HOME, NOW) for at in range(50)]
    assert tries.count(None) == 5
    assert tries[-1] == Throttled(1)


def test_an_easy_password_is_not_taken(stage):
    stage.add("dana")
    entry = stage.enter()
    with pytest.raises(UsageError, match="first that are tried"):
        stage.entering.change_password(entry.principal, GOOD, "password1234", HOME, NOW)
    with pytest.raises(UsageError, match="at least 12"):
        stage.people.set_password("dana", "", "root", NOW)
    assert stage.keeper.by_session(entry.cookie, NOW) is not None


def test_a_token_changes_no_password(stage):
    stage.add("dana")
    token, _ = stage.people.add_token("dana", "ci", ADMIN, 9, "root", NOW)
    with pytest.raises(Forbidden):
        stage.entering.change_password(stage.keeper.by_token(token, NOW), GOOD, OTHER, HOME, NOW)


# --------------------------------------------------------------------------------------------------------------- links
def test_the_first_link_makes_the_first_admin_once(stage):
    link = stage.keeper.first_link("Dana Ferry", NOW)
    entry = stage.entering.spend_link(link, HOME, NOW)
    assert entry.principal.name == "dana_ferry"
    assert entry.principal.grants == (ADMIN,)
    assert entry.principal.must_set_password
    assert stage.entering.spend_link(link, HOME, NOW) is None
    assert stage.keeper.first_link("dana", NOW) is None
    fresh = stage.entering.change_password(entry.principal, "", GOOD, HOME, NOW)
    assert not fresh.principal.must_set_password
    assert isinstance(stage.enter("dana_ferry"), Entry)


def test_two_starts_print_two_links_of_which_one_makes_the_admin(stage):
    one, other = stage.keeper.first_link("dana", NOW), stage.keeper.first_link("dana", NOW)
    assert one != other
    assert stage.entering.spend_link(one, HOME, NOW) is not None
    assert stage.entering.spend_link(other, HOME, NOW) is None
    assert len(stage.people.users()) == 1


@pytest.mark.parametrize("spoilt", [lambda text: text[:-1] + "0", lambda text: "", lambda text: "0" * 16 + text[16:]])
def test_a_link_that_is_none_lets_nobody_in(stage, spoilt):
    link = stage.keeper.first_link("dana", NOW)
    assert stage.entering.spend_link(spoilt(link), HOME, NOW) is None
    assert stage.entering.spend_link(link, HOME, NOW) is not None


def test_a_link_gets_old(stage):
    link = stage.keeper.first_link("dana", NOW)
    assert stage.entering.spend_link(link, HOME, NOW + LINK_LIFE) is None


def test_a_link_lets_a_user_in_to_choose_a_password(stage):
    stage.add("root-of-all")
    stage.add("eve", VIEWER, password=None)
    entry = stage.entering.spend_link(stage.entering.invite("eve", "root-of-all", NOW), HOME, NOW)
    assert (entry.principal.name, entry.principal.grants) == ("eve", (VIEWER,))
    stage.people.set_disabled("eve", True, "root-of-all", NOW)
    with pytest.raises(Refused, match="no user 'eve' who may enter"):
        stage.entering.invite("eve", "root-of-all", NOW)


def test_a_link_of_somebody_disabled_meanwhile_lets_nobody_in(stage):
    stage.add("root-of-all")
    stage.add("eve", VIEWER)
    link = stage.entering.invite("eve", "root-of-all", NOW)
    stage.people.set_disabled("eve", True, "root-of-all", NOW)
    assert stage.entering.spend_link(link, HOME, NOW) is None


# ------------------------------------------------------------------------------------------------------------- secrecy
def test_nothing_that_lets_in_is_in_the_database(stage):
    stage.add("dana")
    entry = stage.enter()
    token, _ = stage.people.add_token("dana", "ci", VIEWER, 9, "root", NOW)
    link = stage.entering.invite("dana", "root", NOW)
    stage.enter(password="a wrong password, perhaps that of the mail box")
    secrets = [token.rpartition("_")[2], entry.cookie.partition(".")[2], link.partition(".")[2], entry.principal.csrf]
    with sqlite3.connect(stage.folder / "access.db") as raw:
        dump = "\n".join(raw.iterdump())
    raw.close()
    files = b"".join(path.read_bytes() for path in stage.folder.iterdir())
    assert "dana" in dump
    for secret in (*secrets, "mail box"):
        assert secret not in dump
        assert secret.encode() not in files
        assert secret.encode().hex() not in dump.lower()


def test_two_installations_share_no_secret(tmp_path):
    links = []
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        stage = Stage(tmp_path / name, draw=name.encode().__mul__)
        links.append(stage.keeper.first_link("dana", NOW))
        stage.keeper.close()
    assert links[0] != links[1]


# --------------------------------------------------------------------------------------------------------------- audit
def test_whatever_changes_who_may_enter_is_in_the_audit(stage):
    stage.add("dana")
    entry = stage.enter()
    stage.people.add_user("eve", [VIEWER], GOOD, "dana", NOW)
    stage.people.set_grants("eve", [Grant(Role.OPERATOR, "tag:x")], "dana", NOW)
    stage.people.set_password("eve", OTHER, "dana", NOW)
    stage.people.add_token("eve", "ci", VIEWER, 9, "dana", NOW)
    stage.people.revoke_token("eve", "ci", "dana", NOW)
    stage.people.set_disabled("eve", True, "dana", NOW)
    stage.people.set_disabled("eve", False, "dana", NOW)
    stage.people.remove_user("eve", "dana", NOW)
    stage.entering.sign_out(entry.principal, NOW)
    rows = [row.note for row in reversed(stage.keeper.audit())]
    assert [(row.action, row.object) for row in rows] == [
        ("user.add", "dana"), ("sign-in", "dana"), ("user.add", "eve"), ("user.grants", "eve"),
        ("user.password", "eve"), ("token.add", "eve/ci"), ("token.revoke", "eve/ci"), ("user.disable", "eve"),
        ("user.enable", "eve"), ("user.remove", "eve"), ("sign-out", "dana"),
    ]  # fmt: skip
    assert rows[3].text == "viewer on * → operator on tag:x"
    assert not any(secret in row.text for row in rows for secret in (GOOD, OTHER, "hash of"))
