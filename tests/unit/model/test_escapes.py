import pytest

from segue.model.escapes import only_colours

RED = "\x1b[31m"


@pytest.mark.parametrize(
    "text",
    ["plain", "two\nlines\tand a tab", f"{RED}red\x1b[0m", "\x1b[1;4;97;101mloud\x1b[m", "\x1b[38;5;208morange",
     "\x1b[48;2;1;2;3mdeep\x1b[49m", "grün 😀"],
)  # fmt: skip
def test_text_and_colours_stay(text):
    assert only_colours(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "\x1b[2J\x1b[H",  # clears the screen
        "\x1b[8m",  # conceals
        "\x1b[5m",  # blinks
        "\x1b]0;title\x07",
        "\x1b]8;;https://evil.example\x1b\\",  # link
        "\x1b]52;c;ZXZpbA==\x07",  # clipboard
        "\x9d52;c;ZXZpbA==\x9c",
        "\x1bP+q\x1b\\",
        "\x1b_Ga=T\x1b\\",
        "\x9b2J",
        "\x1b[38;5m",
        "\x1b[38;9;1m",
        "\x1b[38m",
        "\x1b[38;2;1;2m",
        "\x1b[?25l",
        "\x1b[31;" + "1;" * 50 + "m",
        "\x1bc",
        "\x1b(0",
        "\x00\x07\x08\x0b\x7f\x85",
        "\r",
    ],
)
def test_what_steers_anything_else_is_dropped(text):
    assert only_colours(f"before{text}after") == "beforeafter"


def test_an_unfinished_sequence_leaves_no_code():
    assert "\x1b" not in only_colours("\x1b]8;;https://evil")
    assert "\x1b" not in only_colours("\x1b[31")
    assert "\x1b" not in only_colours("\x1b\x1b[31" * 50_000)


def test_eight_bit_colours_are_written_as_others_are():
    assert only_colours("\x9b31mred") == f"{RED}red"
