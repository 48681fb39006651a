"""A token's share of a minute."""

import uuid

from bot.api.rates import RateLimit


def test_a_token_that_has_used_up_its_minute_waits_for_the_next_and_others_do_not() -> None:
    seconds = 100.0
    limit = RateLimit(2, lambda: seconds)
    one, other = uuid.uuid4(), uuid.uuid4()
    assert [limit.wait_of(one) for _ in range(3)] == [0, 0, 60]
    seconds += 20.5
    assert limit.wait_of(one) == 40
    assert limit.wait_of(other) == 0
    seconds += 39.5
    assert limit.wait_of(one) == 0
