"""The assistant understands held-out texts as well as docs/quality.md says."""

import re

import pytest

from bot.commands.training import model_is_current
from bot.evaluation.judged import read_holdout
from bot.evaluation.measures import summary
from bot.evaluation.reading import understand
from bot.settings import ROOT, settings

pytestmark = pytest.mark.timeout(900)
"""Two thousand texts take two minutes, and several times as long on a busy machine."""

TOLERANCE = 0.03
"""Other processors round otherwise, and a doubtful text falls to the other side."""

FIGURE = re.compile(r"^\| `(\w+)` \| ([\d.]+) \|", re.MULTILINE)


@pytest.fixture(scope="module")
def measured() -> dict[str, float]:
    config = settings()
    if not model_is_current(config):
        pytest.fail("The model is missing or older than its data; run `tingsu train` (make test does).")
    judged = read_holdout(ROOT / "data" / "holdout")
    return summary(judged, understand(config, judged))


WRITTEN = {name: float(figure) for name, figure in FIGURE.findall((ROOT / "docs" / "quality.md").read_text("utf-8"))}


def test_every_figure_is_written_down(measured: dict[str, float]) -> None:
    assert set(WRITTEN) == set(measured)


@pytest.mark.parametrize("name", WRITTEN)
def test_a_figure_is_what_is_written_down(measured: dict[str, float], name: str) -> None:
    assert measured[name] == pytest.approx(WRITTEN[name], abs=TOLERANCE)
