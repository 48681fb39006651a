"""A head's hash is read as it was printed."""

import pytest

from bot.commands.audit import InvalidHead, parse_head


def test_a_head_is_read_as_it_was_printed() -> None:
    assert parse_head("0a" * 32) == parse_head("0A" * 32) == b"\x0a" * 32


@pytest.mark.parametrize("written", ["", "abc", "ab" * 31, "ab" * 33, "公" * 64])
def test_what_is_no_hash_is_refused(written: str) -> None:
    with pytest.raises(InvalidHead, match="64 hexadecimal digits"):
        parse_head(written)
