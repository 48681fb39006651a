"""The worker process ends in order when it cannot go on."""

import procrastinate
import psycopg
import pytest

from bot import worker


def test_a_worker_whose_database_goes_away_says_so_and_ends_to_be_started_again(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def work(_: object) -> None:
        raise procrastinate.exceptions.ConnectorException from psycopg.OperationalError("server closed the connection")

    monkeypatch.setattr(worker, "work", work)
    with pytest.raises(SystemExit) as ended:
        worker.run()
    assert ended.value.code == 1
    assert "database_went_away" in capsys.readouterr().out
