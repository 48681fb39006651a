"""The real browser of tests, benchmarks and pictures: Debian's Chromium, or the one that TINGSU_CHROMIUM names."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def chromium_path() -> str:
    """Where Chromium stands. RuntimeError, with what to do, where there is none."""
    path = os.environ.get("TINGSU_CHROMIUM") or shutil.which("chromium")
    if path is None:
        raise RuntimeError(
            "No Chromium: the pages are tested in a real browser. "
            "Run `apt-get install chromium fonts-noto-cjk`, or set TINGSU_CHROMIUM to its path."
        )
    return path


@contextmanager
def a_chromium() -> Iterator[Browser]:
    """A browser for tests that are not coroutines.

    While it is open, its driver's event loop counts as running in this thread: a second one cannot be opened, and
    no test that is a coroutine can run. Close it before either.
    """
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=CHROMIUM_FLAGS)
        yield browser
        browser.close()
