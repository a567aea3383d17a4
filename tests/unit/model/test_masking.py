import base64
import json
import re
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.model.masking import HIDDEN, Mask, Veil, bytes_of, forms_of

SECRET = 'p+ss/w"rd:\n2nd line é'


def _hidden(text: str, *secrets: str) -> str:
    return Mask(secrets or (SECRET,)).hide(text.encode()).decode()


@pytest.mark.parametrize(
    "written",
    [
        SECRET,
        quote(SECRET, safe=""),
        quote(SECRET),
        quote_plus(SECRET),
        re.sub("%..", lambda found: found[0].lower(), quote(SECRET, safe="")),
        json.dumps(SECRET),
        json.dumps(SECRET, ensure_ascii=False),
        json.dumps(SECRET).replace("/", "\\/"),
        repr(SECRET),
        ascii(SECRET),
        repr(SECRET.encode()),
        base64.b64encode(SECRET.encode()).decode(),
    ],
)
def test_a_secret_is_hidden_in_every_form(written: str):
    said = _hidden(f"before {written} after")
    assert said.startswith("before ") and said.endswith(" after") and HIDDEN in said
    for part in ("p+ss", "p%2Bss", "p%2bss", "2nd", "w%22rd", "UHN"):
        assert part not in said


@pytest.mark.parametrize("before", range(6))
@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
def test_a_secret_within_something_encoded_is_hidden_wherever_its_bits_begin(before: int, encode):
    written = encode(b"u" * before + "canary-ÿÿ>?-secret".encode() + b":tail")
    said = Mask(["canary-ÿÿ>?-secret"]).hide(written)
    head, tail = said.split(HIDDEN.encode())  # at most one digit at each end tells a few bits
    assert written.startswith(head) and written.endswith(tail)
    assert len(head) <= -(-before * 8 // 6) and len(tail.rstrip(b"=")) <= 8


def test_each_line_of_a_secret_is_hidden_alone():
    key = "-----BEGIN-----\nMIIEvQIBADANBg\n  kqhkiG9w0BAQEF\n-----END-----\n"
    assert _hidden("kqhkiG9w0BAQEF and MIIEvQIBADANBg", key) == f"{HIDDEN} and {HIDDEN}"


def test_a_secret_with_blanks_around_it_is_hidden_without_them():
    assert _hidden("token=abc123;", " abc123\n") == f"token={HIDDEN};"


def test_what_is_short_is_no_secret():
    assert forms_of("abc") == frozenset()
    assert not Mask(["abc"]) and Mask(["abcd"])
    assert _hidden("abc", "abc") == "abc"


def test_overlapping_secrets_leave_no_end_standing():
    assert _hidden("xabcdefghix", "abcdef", "defghi") == f"x{HIDDEN}x"
    assert _hidden("aaaaaaaa", "aaaa") == HIDDEN


def test_a_mask_without_secrets_gives_back_the_same_object():
    data, text = b"nothing to hide", "nothing to hide"
    assert Mask().hide(data) is data and Mask().hide_text(text) is text and Mask(["hidden"]).hide_text(text) is text


def test_the_texts_of_json_are_hidden_one_by_one():
    said = Mask(["hunter22"]).hide_within({"a hunter22": ["hunter22", 3, None, {"deep": 'x"hunter22"'}]})
    assert said == {f"a {HIDDEN}": [HIDDEN, 3, None, {"deep": f'x"{HIDDEN}"'}]}


def test_a_text_that_cannot_be_encoded_is_searched_all_the_same():
    assert Mask(["hunter22"]).hide_text("hunter22 \ud800") == f"{HIDDEN} \\ud800"
    assert bytes_of("\udcff") == b"\xff"


def test_a_secret_is_found_where_it_stands():
    mask = Mask(["hunter22"])
    assert mask.finds(b"a hunter22 b") and not mask.finds(b"a hunter2 b")


def test_a_veil_grows():
    veil = Veil()
    veil.learn(["hunter22"])
    known = veil.mask
    veil.learn(["hunter22"])
    assert veil.mask is known
    veil.learn(["rabbit33"])
    assert veil.mask.hide_text("hunter22 rabbit33") == f"{HIDDEN} {HIDDEN}"


@given(st.lists(st.sampled_from(["hunter22", "unter22hu", "x", "hun", "ter22", "\n"])), st.integers(0, 60))
def test_a_cut_at_a_safe_end_loses_no_secret(words: list[str], end: int):
    mask = Mask(["hunter22", "unter22hu"])
    data = "".join(words).encode()
    cut = mask.safe_end(data, end)
    assert 0 <= cut <= max(0, end)
    apart = mask.hide(data[:cut]) + mask.hide(data[cut:] + b"ter22hu")
    for secret in (b"hunter22", b"unter22hu"):
        assert (
            secret not in apart
            and apart.count(HIDDEN.encode()) <= mask.hide(data + b"ter22hu").count(HIDDEN.encode()) + 1
        )


def test_a_mask_without_secrets_cuts_anywhere():
    assert Mask().safe_end(b"abc", 2) == 2


@given(st.text(min_size=8, max_size=30), st.text(max_size=10), st.text(max_size=10))
def test_no_form_of_a_secret_outlives_hiding(secret: str, before: str, after: str):
    mask = Mask([secret])
    for form in forms_of(secret):
        said = mask.hide(before.encode() + form + after.encode())
        assert not any(one in said for one in forms_of(secret) if one not in HIDDEN.encode() and b"*" not in one)
