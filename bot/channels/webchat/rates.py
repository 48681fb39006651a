"""How often one session or one address may do something: a sliding minute, counted in this process."""

import math
import time
from collections import deque
from collections.abc import Callable

from bot.channels.webchat.errors import ChatError

WINDOW_SECONDS = 60.0
SWEEP_AT = 10_000
"""Keys remembered before those that have been idle for a minute are forgotten."""


class RateLimit:
    """A limit per key and minute.

    Args:
        per_minute: how many are allowed.
        monotonic: seconds from a clock that never goes back.
    """

    def __init__(self, per_minute: int, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._per_minute = per_minute
        self._monotonic = monotonic
        self._times: dict[str, deque[float]] = {}

    def count(self, key: str) -> None:
        """Count one more for the key.

        Raises:
            ChatError: 429, with the seconds to wait, when the minute's share is used up.
        """
        now = self._monotonic()
        if len(self._times) >= SWEEP_AT:
            self._sweep(now)
        times = self._times.setdefault(key, deque())
        while times and times[0] <= now - WINDOW_SECONDS:
            times.popleft()
        if len(times) >= self._per_minute:
            wait = max(1, math.ceil(times[0] + WINDOW_SECONDS - now))
            raise ChatError(
                429, "too_many_requests", f"Too many requests in a minute. Try again in {wait} s.", retry_after=wait
            )
        times.append(now)

    def _sweep(self, now: float) -> None:
        self._times = {key: times for key, times in self._times.items() if times and times[-1] > now - WINDOW_SECONDS}
