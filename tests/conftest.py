"""What every test may use: a clock that says what time it is."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest


@dataclass
class FakeClock:
    """A clock that a test sets."""

    now: datetime = field(default_factory=lambda: datetime(2026, 11, 23, 2, 0, tzinfo=UTC))

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **duration: float) -> None:
        """Let time pass, in the words of `timedelta`."""
        self.now += timedelta(**duration)


@pytest.fixture
def clock() -> FakeClock:
    """Ten in the morning of 23 November 2026 in Wuhan, until the test says otherwise."""
    return FakeClock()
