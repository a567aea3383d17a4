import pytest

from segue.show.access.minting import Mint, csrf_of, fits, read_secret, read_token
from tests.unit.show.access.stage import draws


def test_a_secret_has_256_random_bits_that_are_not_kept():
    asked = []
    made = Mint(lambda size: asked.append(size) or bytes(range(size))).make()
    assert sorted(asked) == [8, 32]
    assert len(made.digest) == 32
    assert made.secret.encode() not in made.digest
    assert fits(made.secret, made.digest)
    assert not fits(made.secret[:-1], made.digest)
    assert not fits("", made.digest)


def test_two_secrets_are_never_the_same():
    mint = Mint(draws())
    one, other = mint.make(), mint.make()
    assert not {one.key, one.secret, one.digest} & {other.key, other.secret, other.digest}


def test_a_secret_is_read_back():
    made = Mint(draws()).make()
    assert read_secret(made.text) == read_token(made.token) == (made.key, made.secret)


KEY, SECRET = "0" * 16, "x" * 43


@pytest.mark.parametrize(
    "text",
    [
        "", ".", "a.b", "segue_", "segue__", f"{KEY}.{SECRET[1:]}", f"{KEY}.{SECRET}\n", f"{KEY}.{'é' * 43}",
        f"{'٠' * 16}.{SECRET}", "0" * 100_000, "\x00" * 60,
    ],
)  # fmt: skip
def test_what_is_no_secret_is_read_as_none(text):
    assert read_secret(text) is None
    assert read_token(text) is None
    assert read_token(f"segue_{text}") is None


def test_what_a_session_must_carry_says_nothing_of_its_cookie():
    assert csrf_of("a") != csrf_of("b")
    assert len(csrf_of("a")) == 64
