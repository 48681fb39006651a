"""CSV that spreadsheets open as it is meant: Chinese readable, and no cell taken for a formula."""

import csv
import io
from collections.abc import Iterable

MARK = b"\xef\xbb\xbf"
"""At the beginning of a file it lets Excel read Chinese."""

STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def csv_line(cells: Iterable[str]) -> bytes:
    """One line. A cell that a spreadsheet would take for a formula is marked as text."""
    text = io.StringIO()
    csv.writer(text).writerow(f"'{cell}" if cell.startswith(STARTS_A_FORMULA) else cell for cell in cells)
    return text.getvalue().encode()
