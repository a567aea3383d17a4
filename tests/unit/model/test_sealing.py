from segue.model.sealing import SEALED, has_sealed, mark_sealed, sealed_params, text_of
from segue.model.value import encode


def test_secret_params_are_found_among_others():
    params = encode({"a": mark_sealed(b"cipher"), "b": b"plain", "c": SEALED.decode() + "x", "d": 3})
    assert has_sealed(params) and sealed_params(params) == {"a": b"cipher"}


def test_params_without_secrets_are_not_even_decoded():
    assert not has_sealed(encode({"a": 1})) and sealed_params(b"\xff") == {}


def test_what_is_hidden_of_a_value_is_its_text():
    assert text_of('"a\\"b"') == 'a"b' and text_of("123456") == "123456" and text_of('["x"]') == '["x"]'
