"""docs/screens.md shows every page of the desk, in both languages; `make screenshots` takes the pictures."""

import re

import pytest

from bot.settings import ROOT
from docs.screenshots.__main__ import PICTURES
from docs.screenshots.shots import DESK_SHOTS, pictures
from tests.integration.desk.doors import pages

LARGEST_BYTES = 250_000
SCREENS = ROOT / "docs" / "screens.md"


def test_every_page_of_the_desk_has_a_picture() -> None:
    pictured = {re.sub(r"\{\w+\}", "{}", shot.page) for shot in DESK_SHOTS}
    assert {re.sub(r"\{\w+\}", "{}", page) for page in pages()} <= pictured


@pytest.mark.parametrize("name", pictures())
def test_every_picture_is_there_small_enough_and_shown(name: str) -> None:
    picture = PICTURES / name
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert picture.stat().st_size < LARGEST_BYTES
    assert f"(images/desk/{name})" in SCREENS.read_text()


def test_no_picture_is_left_over() -> None:
    assert {path.name for path in PICTURES.iterdir()} == set(pictures())
