"""Customers' names and telephone numbers as the desk shows them until a person asks to see them.

Pure. Card and identity numbers never get this far: they are masked before they are stored.
"""

import re
from enum import StrEnum

COURTESIES = "先生|女士|小姐|太太|阿姨|叔叔|大爷|大妈|老师|师傅|老板|同志|总"
POLITE_NAME = re.compile(rf"[\u4e00-\u9fff]{{1,2}}(?:{COURTESIES})|(?:Mr|Mrs|Ms|Miss)\.? \w+")
"""A surname and a courtesy title: it names nobody, and staff needs it to address the customer."""

TELEPHONE = re.compile(
    r"(?<![\d+])(?:"
    r"(?:\+?86[- ]?)?1[3-9]\d[- ]?\d{4}[- ]?\d{4}"  # a Chinese mobile
    r"|0\d{2,3}[- ]?\d{7,8}"  # a Chinese landline with its area code
    r"|\+\d{1,3}(?:[- ]?\d){7,12}"  # from abroad
    r")(?!\d)"
)
SHOWN_AT_START, SHOWN_AT_END = 3, 4
"""Digits of a telephone number that stay, as banks in China print them: 138****5678."""


class Personal(StrEnum):
    """What is masked until it is revealed."""

    NAME = "name"
    PHONE = "phone"


def masked_name(name: str) -> str:
    """「王小明」 as 「王**」; 「陈女士」 stays."""
    name = name.strip()
    if not name or POLITE_NAME.fullmatch(name):
        return name
    return f"{name[0]}**"


def masked_telephone(number: str) -> str:
    """「13812345678」 as 「138****5678」, whatever stands between; of a short number the last two digits stay."""
    count = sum(character.isdigit() for character in number)
    is_long = count > SHOWN_AT_START + SHOWN_AT_END
    start, end = (SHOWN_AT_START, SHOWN_AT_END) if is_long else (0, 2)
    shown: list[str] = []
    place = 0
    for character in number:
        if character.isdigit():
            is_shown = place < start or place >= count - end
            shown.append(character if is_shown else "*")
            place += 1
        else:
            shown.append(character)
    return "".join(shown)


def with_telephones_masked(text: str) -> str:
    """A text with every telephone number in it masked."""
    return TELEPHONE.sub(lambda found: masked_telephone(found[0]), text)
