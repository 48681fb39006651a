"""Starting and stopping the desk's process."""

import signal
from pathlib import Path

from tests.integration.desk.served import serving


def test_the_desk_stops_cleanly_when_told_to(database_url: str, tmp_path: Path) -> None:
    with serving(database_url, tmp_path) as desk:
        desk.process.send_signal(signal.SIGTERM)
        assert desk.process.wait(timeout=10) in {0, -signal.SIGTERM}
        assert "Traceback" not in desk.log
