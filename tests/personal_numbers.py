"""Numbers that must not be stored, and the ways in which people write them."""

import re
from datetime import date

from hypothesis import strategies as st
from stdnum import luhn
from stdnum.cn import ric

CHINESE_DIGITS = str.maketrans("0123456789", "零一二三四五六七八九")
FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")
PLAIN_DIGITS = str.maketrans("零一二三四五六七八九０１２３４５６７８９", "0123456789" * 2)

alphabets = st.sampled_from([{}, FULL_WIDTH, CHINESE_DIGITS])


def digits_of(text: str) -> str:
    """The digits of a text, whatever stands between them and however they are written."""
    return re.sub(r"\D", "", text.translate(PLAIN_DIGITS))


@st.composite
def cards(draw: st.DrawFn) -> str:
    """A bank card's number: 16 to 19 digits with their check digit."""
    start = draw(st.sampled_from(["62", "4", "51", "2221", "35", "9558", "95599", "60"]))
    length = draw(st.integers(16, 19))
    body = start + draw(st.text("0123456789", min_size=length - len(start) - 1, max_size=length - len(start) - 1))
    return body + luhn.calc_check_digit(body)


@st.composite
def written_cards(draw: st.DrawFn) -> tuple[str, str]:
    """A card's number, and a way in which a customer may write it."""
    card = draw(cards())
    groups: list[str] = []
    rest = card
    while rest:
        size = draw(st.integers(1, 8))
        groups.append(rest[:size])
        rest = rest[size:]
    written = draw(st.sampled_from(["", " ", "-", "\n", " - ", "\u200b", "——", "　", "．", "\r\n"])).join(groups)
    return card, written.translate(draw(alphabets))


@st.composite
def identity_numbers(draw: st.DrawFn) -> str:
    """A resident identity number with its check digit."""
    region = draw(st.sampled_from(["420106", "429006", "110101"]))
    born = draw(st.dates(min_value=date(1930, 1, 1), max_value=date(2010, 12, 31)))
    body = f"{region}{born:%Y%m%d}{draw(st.integers(1, 999)):03}"
    return body + ric.calc_check_digit(body + "0")


@st.composite
def written_mobiles(draw: st.DrawFn) -> tuple[str, str]:
    """A mobile number, and a way in which staff may write it."""
    number = draw(st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True))
    sizes = draw(st.sampled_from([(11,), (3, 4, 4), (4, 3, 4), (3, 3, 5), (1,) * 11]))
    groups = [number[sum(sizes[:place]) : sum(sizes[: place + 1])] for place in range(len(sizes))]
    written = draw(st.sampled_from([" ", "-"])).join(groups)
    return number, draw(st.sampled_from(["", "+86", "86 ", "0086-"])) + written.translate(draw(alphabets))
