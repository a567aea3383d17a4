import inspect

import pytest

from segue.model.errors import UsageError
from segue.show.access import passwords
from segue.show.access.passwords import Argon2, check_password

ARGON2 = Argon2("nobody at all")


@pytest.mark.parametrize(
    "easy",
    [
        "password1234", "Password123!", "P@ssw0rd2026!", "123456789012", "qwertyuiop12", "1qaz2wsx3edc",
        "aaaaaaaaaaaa", "abcabcabcabcabc", "letmeinletmein", "iloveyou2026!!", "SeguePassword1", "admin123456789",
        "Summer2026!!", "correcthorsebatterystaple", "dana-dana-1234", "dana.ferry.dana", "987654321098",
        "a" * 900, "password" * 100, "            ", "zyxwvutsrqponm", "Ｐａｓｓｗｏｒｄ１２３４",
    ],
)  # fmt: skip
def test_what_everybody_tries_first_is_refused(easy):
    with pytest.raises(UsageError, match="first that are tried"):
        check_password(easy, "dana.ferry")


@pytest.mark.parametrize(
    "good", ["tulip ferry 9 glass", "xK9-fq2L-vb7Rw", "grüne Wolken am Berg", "зелёные облака над"]
)
def test_a_good_password_is_taken(good):
    check_password(good, "dana")


@pytest.mark.parametrize("length", [0, 1, 11, 1_001, 1_000_000])
def test_a_password_has_a_length(length):
    text = ("tulip-ferry-9-glass-" * (length // 20 + 1))[:length]
    with pytest.raises(UsageError, match="at least 12 characters"):
        check_password(text, "dana")


def test_no_error_repeats_the_password():
    with pytest.raises(UsageError) as told:
        check_password("password1234", "dana")
    assert "password1234" not in str(told.value)


def test_a_hash_is_argon2id_with_a_salt_of_its_own():
    one, other = ARGON2.hash("tulip ferry 9 glass"), ARGON2.hash("tulip ferry 9 glass")
    assert one != other
    assert one.startswith("$argon2id$v=19$m=32768,t=2,p=1$")
    assert ARGON2.verify("tulip ferry 9 glass", one)
    assert not ARGON2.verify("tulip ferry 9 glasS", one)


def test_one_password_may_be_typed_in_two_ways():
    assert ARGON2.verify("ﬁne wo\N{LATIN SMALL LETTER O WITH DIAERESIS}rds", ARGON2.hash("fine woo\u0308rds"))


def test_nobody_has_no_password_not_even_the_one_that_stands_for_it():
    assert not ARGON2.verify("nobody at all", None)
    assert not ARGON2.verify("", None)


def test_what_is_kept_of_no_hash_fits_nothing():
    assert not ARGON2.verify("tulip ferry 9 glass", "")
    assert not ARGON2.verify("tulip ferry 9 glass", "tulip ferry 9 glass")


def test_there_is_no_password_in_the_code():
    with_defaults = [name for name, one in inspect.getmembers(passwords, inspect.isfunction) if one.__defaults__]
    assert with_defaults == []
