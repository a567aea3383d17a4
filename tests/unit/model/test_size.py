import pytest

from segue.model.size import bytes_of, show_bytes


@pytest.mark.parametrize(
    ("text", "count"),
    [("2GB", 2 * 10**9), ("512MiB", 512 * 2**20), ("1.5 gb", 1_500_000_000), ("100", 100), (7, 7), ("3B", 3)],
)
def test_a_size_is_read_as_people_write_it(text, count):
    assert bytes_of(text) == count


@pytest.mark.parametrize("text", ["", "GB", "-1GB", "2 giga", "0", 0, -5, True, 1.5, None, "1e3", "9" * 30])
def test_what_is_no_size_is_refused_with_an_example(text):
    with pytest.raises(ValueError, match="'2GB'"):
        bytes_of(text)


@pytest.mark.parametrize(
    ("count", "text"), [(900, "900 B"), (1_500_000, "1.5 MB"), (2 * 10**9, "2 GB"), (3 * 10**12, "3 TB")]
)
def test_a_size_is_shown_short(count, text):
    assert show_bytes(count) == text
