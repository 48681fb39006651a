"""Which passwords are taken, and how they are kept."""

import re

import pytest

from bot.staff.passwords import PasswordFault, fault_of, fits, hasher, one_time_password


@pytest.mark.parametrize(
    ("new", "fault"),
    [
        ("short-one", PasswordFault.TOO_SHORT),
        ("x" * 201, PasswordFault.TOO_LONG),
        ("liwei-is-here", PasswordFault.IS_USERNAME),
        ("my name is LiWei", PasswordFault.IS_USERNAME),
        ("aaaaaaaaaaaa", PasswordFault.TOO_SIMPLE),
        ("the-one-before", PasswordFault.UNCHANGED),
        ("江水滔滔一路向东流去", None),
        ("correct horse battery", None),
    ],
)
def test_a_password_is_long_is_not_the_username_and_is_new(new: str, fault: PasswordFault | None) -> None:
    assert fault_of(new, username="liwei", current="the-one-before") is fault


def test_passwords_are_kept_as_argon2id_hashes_that_only_the_password_fits() -> None:
    kept = hasher().hash("correct horse battery")
    assert kept.startswith("$argon2id$")
    assert fits(kept, "correct horse battery")
    assert not fits(kept, "correct horse batterz")
    assert not fits("no hash at all", "correct horse battery")


def test_one_time_passwords_can_be_read_aloud_and_differ() -> None:
    made = {one_time_password() for _ in range(50)}
    assert len(made) == 50
    assert all(re.fullmatch(r"([2-9a-hjkmnp-z]{4}-){3}[2-9a-hjkmnp-z]{4}", password) for password in made)
