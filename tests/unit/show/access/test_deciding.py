import pytest

from segue.model.access import Grant, Principal, Role, Subject
from segue.model.errors import UsageError
from segue.show.access.deciding import check_grant, decide, scoped, visible

ORDERS = Subject("orders_daily", "finance", ("retail", "eu"), "dana")
STOCK = Subject("stock", "", ("retail",), "")


def who(*grants) -> Principal:
    return Principal("dana", tuple(Grant(Role(role), select) for role, select in grants))


@pytest.mark.parametrize("has", Role)
@pytest.mark.parametrize("needed", Role)
def test_a_role_may_what_those_before_it_may(has, needed):
    order = ["viewer", "operator", "author", "admin"]
    assert decide(who((has, "*")), needed, ORDERS) is (order.index(has) >= order.index(needed))


@pytest.mark.parametrize(
    ("select", "orders", "stock", "everything"),
    [
        ("*", True, True, True),
        ("orders_*", True, False, False),
        ("stock", False, True, False),
        ("tag:retail", True, True, False),
        ("tag:e?", True, False, False),
        ("owner:dana", True, False, False),
        ("owner:*", True, False, False),
        ("location:finance", True, False, False),
        ("location:*", True, False, False),
        ("tag:retail&owner:dana", True, False, False),
        ("tag:none,stock", False, True, False),
        ("stock, tag:eu & orders_*", True, True, False),
        ("*&tag:eu", True, False, False),
        ("tag:eu,*", True, True, True),
        ("**", True, True, False),
        ("", False, False, False),
        ("STOCK", False, False, False),
        ("connection:db", False, False, False),
    ],
)
def test_a_grant_counts_where_its_selection_names_the_subject(select, orders, stock, everything):
    principal = who(("operator", select))
    assert [decide(principal, Role.OPERATOR, one) for one in (ORDERS, STOCK, None)] == [orders, stock, everything]


def test_grants_of_several_roles_do_not_mix():
    principal = who(("viewer", "*"), ("operator", "stock"))
    assert decide(principal, Role.OPERATOR, STOCK)
    assert not decide(principal, Role.OPERATOR, ORDERS)
    assert not decide(principal, Role.OPERATOR, None)


def test_nobody_may_nothing():
    assert not decide(who(), Role.VIEWER, STOCK)
    assert visible(who(), Role.VIEWER, [ORDERS, STOCK]) == frozenset()


def test_what_is_visible_is_what_is_decided():
    assert visible(who(("viewer", "*")), Role.VIEWER, [ORDERS, STOCK]) is None
    assert visible(who(("viewer", "tag:eu")), Role.VIEWER, [ORDERS, STOCK]) == {"orders_daily"}
    assert visible(who(("viewer", "*"), ("admin", "stock")), Role.ADMIN, [ORDERS, STOCK]) == {"stock"}


@pytest.mark.parametrize("select", ["*", "orders_*", "tag:retail", "tag:eu,stock", "tag:retail&owner:dana", "*&stock"])
@pytest.mark.parametrize("scope", ["*", "stock", "tag:eu,stock", "location:finance,owner:x", "*,stock"])
@pytest.mark.parametrize("role", ["viewer", "author"])
def test_a_token_may_what_its_user_and_its_scope_may(select, scope, role):
    user, limit = who(("operator", select)), Principal("limit", (Grant(Role(role), scope),))
    token = Principal("dana/ci", scoped(user.grants, limit.grants[0]))
    for needed in Role:
        for subject in (ORDERS, STOCK, None):
            both = decide(user, needed, subject) and decide(limit, needed, subject)
            assert decide(token, needed, subject) is both, (needed, subject)


def test_a_grant_is_read_as_people_write_it():
    assert check_grant("operator", "tag:retail & orders_*, stock") == Grant(Role.OPERATOR, "tag:retail&orders_*,stock")


@pytest.mark.parametrize(
    ("role", "select", "told"),
    [
        ("root", "*", "there are viewer, operator, author, admin"),
        ("", "*", "no role ''"),
        ("admin", "", "is no selection"),
        ("admin", "a,,b", "is no selection"),
        ("admin", "a&", "is no selection"),
        ("admin", "a\nb", "is no selection"),
        ("admin", "x" * 501, "is no selection"),
        ("admin", "group:a", "knows no 'group:a'"),
        ("admin", "tag:", "knows no 'tag:'"),
        ("admin", "connection:db", "knows no 'connection:db'"),
    ],
)
def test_a_grant_that_makes_no_sense_is_refused(role, select, told):
    with pytest.raises(UsageError, match=told):
        check_grant(role, select)
