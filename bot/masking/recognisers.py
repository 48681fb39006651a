"""One recogniser for each kind of sensitive number."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from stdnum import luhn
from stdnum.cn import ric
from stdnum.exceptions import InvalidComponent

Finder = Callable[[str], Iterator[tuple[int, int]]]
"""Where secrets stand in a text, `(start, end)` in order, never overlapping."""

DASHES = "‐‑‒–—―−·.~_*\u200b\u200c\u200d\u2060\ufeff"
SEPARATED = rf"[\s\-{DASHES}]{{0,3}}"
"""What people put between the groups of a long number; invisible characters come with copying."""

CARD_FIRST_DIGITS = re.compile(r"[345689]|2[2-7]")
"""How the numbers of payment cards begin. Mobile numbers begin with 1, dates and most order numbers with 20."""

SHORTEST_CARD, LONGEST_CARD = 13, 19

NOT_AN_AMOUNT = (
    r"(?!\d|[-/.:]\d|\s*(?:元|块|万|千|百|年|月|日|号|天|次|遍|人|位|个|笔|岁|分|秒|小时|点|%|yuan|rmb|times|days))"
)
"""What must not follow a bare number that is taken for a code."""

# Between the word and its number a customer may say a little («发给他了 是»), but not that money moved.
A_FEW_WORDS = r"(?:(?![扣转刷花付充取走存欠¥$])[^\d\[\],.;!?，。；！？\n]){0,12}"
SAID_TO_BE = r"(?:就是|是|为|设的是|改成了?|is|was|are)"
LINK = rf"[ \t]*[,:=]?[ \t]*{SAID_TO_BE}?[ \t]*[:=]?[ \t]*[\"'“‘「]?"


def _digits(text: str) -> str:
    return re.sub(r"\D", "", text)


def is_bank_card(text: str) -> bool:
    """Whether the digits are a bank card's number (ISO/IEC 7812: 13–19 digits, Luhn check digit)."""
    digits = _digits(text)
    return (
        SHORTEST_CARD <= len(digits) <= LONGEST_CARD
        and CARD_FIRST_DIGITS.match(digits) is not None
        and len(set(digits)) > 1
        and bool(luhn.is_valid(digits))
    )


def is_identity_number(text: str) -> bool:
    """Whether the text is a resident identity number (GB 11643: region, birthday, sequence, check digit).

    The region is not looked up: people keep the number of one that was renamed, merged or divided since they were born.
    """
    number = re.sub(r"[^\dX]", "", text.upper())
    try:
        ric.get_birth_date(number)
    except InvalidComponent:
        return False
    return bool(number[-1] == ric.calc_check_digit(number))


@dataclass(frozen=True)
class Recogniser:
    """How one kind of sensitive number is found.

    Attributes:
        kind: the name kept with the message, so that the warning to the customer can be specific.
        find: where it stands in a text whose digits are plain ones.
        placeholder: what stands in its place, by the last digits where these identify without opening anything.
    """

    kind: str
    find: Finder
    placeholder: Callable[[str], str]


def pattern(expression: str, check: Callable[[str], bool] = lambda _secret: True) -> Finder:
    """Finds by a regular expression: its group `secret…` that took part is taken out, if the check agrees."""
    compiled = re.compile(expression, re.IGNORECASE | re.VERBOSE)

    def find(text: str) -> Iterator[tuple[int, int]]:
        for match in compiled.finditer(text):
            secret = next(name for name, value in match.groupdict().items() if value is not None)
            if check(match[secret]):
                yield match.span(secret)

    return find


# A case number stands for itself, so that its digits are never read on into the number behind it.
_DIGIT_RUN = re.compile(rf"TS-\d{{4}}-\d{{4}}-\d(?!\d)|(?P<run>\d(?:(?:{SEPARATED}|[,，/]\s?)\d)*)")


def find_bank_cards(text: str) -> Iterator[tuple[int, int]]:
    """Cards by their check digit, also where other numbers stand beside them («1. 6222…», «6222… 50元»)."""
    for run in _DIGIT_RUN.finditer(text):
        if run["run"] is None or len(run["run"]) < SHORTEST_CARD:
            continue
        groups = [(run.start() + group.start(), run.start() + group.end()) for group in re.finditer(r"\d+", run["run"])]
        first = 0
        while first < len(groups):
            last = _last_group_of_card(text, groups, first)
            if last is None:
                first += 1
                continue
            yield groups[first][0], groups[last][1]
            first = last + 1


def _last_group_of_card(text: str, groups: list[tuple[int, int]], first: int) -> int | None:
    """The group with which a card that begins with the first one ends; the longest card counts."""
    found = None
    for last in range(first, min(first + LONGEST_CARD, len(groups))):
        written = text[groups[first][0] : groups[last][1]]
        if len(_digits(written)) > LONGEST_CARD:
            break
        if is_bank_card(written) and _could_be_one_number(written):
            found = last
    return found


def _could_be_one_number(written: str) -> bool:
    """Commas separate amounts as well: between them, only groups of four are read as one number."""
    return not re.search(r"[,，/]", written) or re.fullmatch(r"(?:\d{4}\D{1,2}){2,4}\d{1,4}", written) is not None


IDENTITY_NUMBER = Recogniser(
    kind="identity_number",
    find=pattern(
        rf"(?<!\d)(?P<secret>\d{{6}}{SEPARATED}(?:18|19|20)\d\d{SEPARATED}\d{{4}}{SEPARATED}\d{{3}}{SEPARATED}[\dX])(?!\d)",
        check=is_identity_number,
    ),
    placeholder=lambda _text: "[身份证号]",
)

# A slip in a digit makes the check digit wrong and the number no less personal: the word beside it decides.
NAMED_IDENTITY_NUMBER = Recogniser(
    kind="identity_number",
    find=pattern(
        rf"(?:身份证(?:号码?)?|identity\ (?:card|number)|\bid\ (?:card|number)){LINK}"
        r"(?P<secret>\d{17}[\dX]|\d{15})(?!\d)"
    ),
    placeholder=lambda _text: "[身份证号]",
)

BANK_CARD = Recogniser(
    kind="bank_card",
    find=find_bank_cards,
    placeholder=lambda text: f"[卡号 尾号{_digits(text)[-4:]}]",
)

NAMED_BANK_CARD = Recogniser(
    kind="bank_card",
    find=pattern(rf"(?:卡号|\bcard(?:\ (?:number|no\.?))?){LINK}(?P<secret>\d(?:{SEPARATED}\d){{12,18}})(?!\d)"),
    placeholder=lambda text: f"[卡号 尾号{_digits(text)[-4:]}]",
)

CVV = Recogniser(
    kind="cvv",
    find=pattern(
        rf"(?:cvv2?|cvc2?|cvn2?|安全码|校验码|(?:背面|后面|反面)(?:的|那)?(?:后|末|最后)?3(?:位|个)(?:数字?|码)?|后3位(?:数字?|码)"
        rf"|security\ code|(?:3|three)\ digits\ on\ the\ back(?:\ of\ (?:the|my)\ card)?)(?:码|\ number|\ code)?{LINK}"
        rf"(?P<secret>\d{{3,4}}){NOT_AN_AMOUNT}"
    ),
    placeholder=lambda _text: "[安全码]",
)

_CODE = r"(?:验证码|校验码|动态码|动态密码|短信码|verification\ code|one[-\ ]time\ (?:code|password|pin)|\botp\b)"

ONE_TIME_CODE = Recogniser(
    kind="one_time_code",
    find=pattern(
        rf"{_CODE}{LINK}(?P<secret>\d{{4,8}}){NOT_AN_AMOUNT}"
        rf"|{_CODE}{A_FEW_WORDS}{LINK}(?P<secret_after_words>\d{{6}}){NOT_AN_AMOUNT}"
        rf"|(?<!\d)(?P<secret_before>\d{{4,8}})[\ \t]*{SAID_TO_BE}[\ \t]*(?:我的|他的|银行的|the|my)?[\ \t]*{_CODE}"
    ),
    placeholder=lambda _text: "[验证码]",
)

_ENTRY_WORD = r"(?:密码|口令|password|passcode|\bpwd\b|\bpin(?:\ code|\ number)?\b)"
_TYPED = r"[A-Z0-9!@\#$%^&*_\-+.]{3,31}[A-Z0-9!@\#$%^&*_+]"
# What is typed must have a digit, or else «my password is wrong» would be one.
_WITH_DIGIT = rf"(?=[A-Z!@\#$%^&*_\-+.]*\d)(?!(?:19|20)\d\d[-./]\d){_TYPED}"

PASSWORD = Recogniser(
    kind="password",
    find=pattern(
        rf"{_ENTRY_WORD}{LINK}(?P<secret>{_WITH_DIGIT}){NOT_AN_AMOUNT}"
        rf"|(?:密码|口令)[\ \t]*(?:就?是|为|:|=)[\ \t]*(?P<secret_of_letters>{_TYPED})(?![A-Z0-9])"
        rf"|(?:password|passcode|\bpwd\b)[\ \t]*[:=][\ \t]*(?P<secret_after_colon>(?=\S{{6}}){_TYPED})(?![A-Z0-9])"
        rf"|{_ENTRY_WORD}{LINK}(?P<secret_repeated>\d个[A-Z0-9])"
        rf"|(?:密码|口令){A_FEW_WORDS}{LINK}(?P<secret_after_words>\d{{6}}){NOT_AN_AMOUNT}"
        r"|(?:password|passcode|\bpin\b)[^\d\[\],.;!?\n]{1,30}\b(?:is|was)[\ \t]*:?[\ \t]*"
        rf"(?P<secret_of>{_WITH_DIGIT}){NOT_AN_AMOUNT}"
        rf"|(?<!\d)(?P<secret_before>\d{{4,8}})[\ \t]*{SAID_TO_BE}[\ \t]*(?:我的|取款|卡的|the|my)*[\ \t]*{_ENTRY_WORD}"
    ),
    placeholder=lambda _text: "[密码]",
)

RECOGNISERS = (IDENTITY_NUMBER, BANK_CARD, NAMED_IDENTITY_NUMBER, NAMED_BANK_CARD, CVV, ONE_TIME_CODE, PASSWORD)
"""In the order in which they are tried: an identity number could pass for a card, never the other way round."""

MOBILE_NUMBER = Recogniser(
    kind="mobile_number",
    find=pattern(
        rf"(?<!\d)(?:(?:\+|00)?86{SEPARATED})?(?P<secret>1[3-9]\d(?:"
        rf"{SEPARATED}\d{{4}}{SEPARATED}\d{{4}}"  # 138-0013-8000, as people write it
        rf"|\d{SEPARATED}\d{{3}}{SEPARATED}\d{{4}}"  # 1380 013 8000
        rf"|{SEPARATED}\d{{3}}{SEPARATED}\d{{5}}"  # 138 001 38000
        r")|1[\s\-][3-9](?:[\s\-]\d){9})(?!\d)"  # 1 3 8 0 0 …, as people say it
    ),
    placeholder=lambda text: f"[手机号 尾号{_digits(text)[-4:]}]",
)
"""Of mainland China. Not among `RECOGNISERS`: a customer who gives one wants to be called."""
