"""How long a webhook waits after failures, and the signature that a receiver checks."""

from datetime import UTC, datetime, timedelta

from bot.api.webhooks import FAILURES_UNTIL_OFF, LONGEST_WAIT, signature, wait_after


def test_waits_double_up_to_an_hour() -> None:
    waits = [wait_after(count) for count in range(1, FAILURES_UNTIL_OFF + 1)]
    assert waits[:4] == [timedelta(seconds=seconds) for seconds in (5, 10, 20, 40)]
    assert waits == sorted(waits)
    assert waits[-1] == LONGEST_WAIT


def test_a_signature_covers_time_and_body() -> None:
    at = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
    known = signature("secret", b'{"id":1}', at=at)
    assert known.startswith("t=1795399200,v1=")
    assert known == signature("secret", b'{"id":1}', at=at)
    others = {
        signature("secret", b'{"id":2}', at=at),
        signature("other", b'{"id":1}', at=at),
        signature("secret", b'{"id":1}', at=at + timedelta(seconds=1)),
    }
    assert known not in others and len(others) == 3
