"""How many requests one token may make in a minute, counted in this process."""

import math
import time
import uuid
from collections.abc import Callable

MINUTE = 60.0


class RateLimit:
    """A limit per token and minute, the minute beginning with the token's first request.

    Args:
        per_minute: how many are allowed.
        monotonic: seconds from a clock that never goes back.
    """

    def __init__(self, per_minute: int, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._per_minute = per_minute
        self._monotonic = monotonic
        self._minutes: dict[uuid.UUID, tuple[float, int]] = {}

    def wait_of(self, token_id: uuid.UUID) -> int:
        """Count one more request.

        Returns:
            0 if it is allowed, or the seconds until the next one is.
        """
        now = self._monotonic()
        began, count = self._minutes.get(token_id, (now, 0))
        if now >= began + MINUTE:
            began, count = now, 0
        if count >= self._per_minute:
            return max(1, math.ceil(began + MINUTE - now))
        self._minutes[token_id] = (began, count + 1)
        return 0
