"""What a person should look at once more before it is sent: sensitive numbers, and promises of money.

Pure. A clause is read at a time, so that what one clause denies or quotes says nothing about the next.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import StrEnum

from bot.masking import mask


class Cautioned(StrEnum):
    """What was found. The kinds of numbers are called as masking calls them."""

    BANK_CARD = "bank_card"
    IDENTITY_NUMBER = "identity_number"
    CVV = "cvv"
    ONE_TIME_CODE = "one_time_code"
    PASSWORD = "password"  # noqa: S105 - the name of a kind
    PROMISE = "promise"


@dataclass(frozen=True)
class Caution:
    """One thing to look at once more.

    Attributes:
        words: the promise as it is written; empty for a number, which is shown no more often than it must.
    """

    kind: Cautioned
    words: str = ""


CLAUSE_END = re.compile(r"[。！？；：!?;\n，、]|[.,:](?!\d)")
QUOTED = re.compile(r"“[^”]*”|「[^」]*」|『[^』]*』|«[^»]*»|\"[^\"]*\"")

_AMOUNT = (
    r"(?:(?:[¥￥$€£]|HK\$|\b(?:CNY|RMB|USD|HKD|EUR))\s?\d[\d,.]*"
    r"|(?:\d[\d,.]*\s*[万千百]?|[零一二两三四五六七八九十百千万几]+)\s*(?:元|块|万|港币|美金)"
    r"|\b\d[\d,.]*\s?(?:yuan|rmb|cny|usd|hkd|dollars?|euros?|pounds?)\b)"
)
AMOUNT = re.compile(_AMOUNT, re.IGNORECASE)

# Chinese: who gives, that they will, and what makes the giving a thing that is only talked about.
_GIVES_ZH = (
    r"(?:赔偿|赔付|赔(?![偿付])|补偿|补给|补还|退款|退钱|退还|退回|退给|退您|返还|减免|免除|免收|免掉"
    r"|(?:返|打|转|还)给您|(?:向|给)您支付)"
)
_WILL_ZH = r"(?:会|将|可以|一定|肯定|必定|答应|承诺|同意|负责|马上|立刻|今天就|明天就|这就)"
_LOOKS_INTO_ZH = r"核实|核对|核查|调查|查|看|问|了解|确认|研究|讨论|申请|转达|记录|反映|跟进|说明|解释|告知|通知"
_ONLY_A_WORD_ZH = r"(?!的.|政策|规定|流程|申请|进度|渠道|条件|标准|事宜|问题|情况|结果|请求|要求|记录)"
_WE_ZH = r"(?:我们?|我行|本行|银行|支行|网点|向您|给您|跟您)"

# English, alike.
_WILL_EN = r"(?:(?:wi|sha)ll|['’]ll|(?:am|are|is|['’]re|['’]m)\s+going\s+to|can|agree\s+to|promise\s+to)"
_SURELY_EN = (
    r"(?:\s+(?:also|now|then|certainly|definitely|gladly|immediately|fully|surely|of\s+course|be\s+able\s+to))*"
)
_WILL_SURELY_EN = rf"{_WILL_EN}{_SURELY_EN}\s+"
_ONLY_A_WORD_EN = r"(?!\s+(?:polic|request|rule|process|form|procedure|question|claim|department|team|desk))"
_GIVES_EN = r"(?:pay|give|credit|return|send|transfer|get|receive|offer)"
_TALKS_OF_EN = r"\b(?:about|on|of|regarding|when|answer|call|by)\b"
_MONEY_EN = rf"(?:{_AMOUNT}|\brefund\b{_ONLY_A_WORD_EN}|\bcompensation\b|\bmoney\b)"


def _any_of(*expressions: str) -> re.Pattern[str]:
    return re.compile("|".join(expressions), re.IGNORECASE)


PROMISES = (
    _any_of(
        r"(?:全额|全部|双倍|加倍|足额)(?:给您)?(?:退|赔|返还|补偿)",
        rf"{_GIVES_ZH}(?:(?!的).){{0,10}}?{_AMOUNT}",
        rf"{_AMOUNT}.{{0,10}}?(?:赔|退|补|返|打)(?:还|给|回|到)?(?:给)?您",
        rf"{_WILL_ZH}(?:(?!{_LOOKS_INTO_ZH}).){{0,8}}?{_GIVES_ZH}{_ONLY_A_WORD_ZH}",
        rf"{_WE_ZH}(?:敢|能|可以|都)*(?:保证|担保)(?!金|人|书|保险|合同)",
        r"保证(?:会|能|给您|帮您|替您|把)?.{0,8}?(?:退|赔|补偿|追回|到账|收益|一分不少)|包(?:退|赔)",
    ),
    _any_of(
        rf"{_WILL_SURELY_EN}(?:refund|reimburse|compensate|repay)\b{_ONLY_A_WORD_EN}",
        rf"{_WILL_SURELY_EN}be\s+(?:fully\s+)?(?:refunded|reimbursed|compensated|repaid|paid\s+back)\b",
        rf"{_WILL_SURELY_EN}{_GIVES_EN}\b(?:(?!{_TALKS_OF_EN}).){{0,40}}?{_MONEY_EN}",
        rf"{_WILL_SURELY_EN}waive\b",
        rf"\b(?:full|complete|double)\s+(?:refund|reimbursement|compensation)\b{_ONLY_A_WORD_EN}",
        r"(?:\b(?:i|we|bank|branch|you)|['’](?:ll|re)|\bis|\bare)(?:\s+(?:can|do|will|hereby|personally))*\s+guaranteed?\b",
        r"\bguaranteed\s+(?:refund|compensation|return)\b|\b(?:my|our)\s+guarantee\b",
    ),
)
"""What a promise of money looks like, for each language."""

NO_PROMISE = (
    _any_of(
        r"不(?:会|能|可以|敢|保证|承诺|予|是|一定)|无法|没法|没办法|未能|暂不|并非|禁止|从未",
        r"是否|能否|可否|能不能|会不会|可不可以|要不要|有没有|怎么|如何|吗$|呢$",
        r"您(?:说|提|问|讲|写|要求|希望|想|认为|觉得|期望|反映|主张|之前|刚才|当时|申请)|对方(?:说|答应|承诺)",
    ),
    _any_of(
        r"\b(?:not|never|no|cannot|unable|without|nobody|whether|how|should|would|could|might|may)\b|n['’]t\b",
        r"\b(?:see|check|know|ask|find\s+out|sure|clear)\s+if\b",
        r"\byou(?:['’](?:ve|d)|\s+(?:have|had))?\s+(?:sa(?:y|id)|ask|told|mention|want|wrote|expect|request|wish)",
        r"\b(?:they|he|she)\s+(?:said|told|promised)",
    ),
)
"""What makes it none: denied, asked, on a condition, or the customer's own words; in the same order."""


def cautions_in(text: str, *, agreed: Iterable[str] = ()) -> tuple[Caution, ...]:
    """What a reply holds that should be looked at once more.

    Args:
        agreed: plans that were agreed for this customer; what they promise may be said.

    Returns:
        The kinds of sensitive numbers, each once, then the promises of money in their order.
    """
    numbers = tuple(Caution(Cautioned(kind)) for kind in mask(text).kinds)
    return numbers + tuple(Caution(Cautioned.PROMISE, words) for words in _promises_in(text, tuple(agreed)))


def _promises_in(text: str, agreed: tuple[str, ...]) -> tuple[str, ...]:
    clauses = (clause.strip() for clause in CLAUSE_END.split(QUOTED.sub(" ", text)))
    return tuple(dict.fromkeys(clause for clause in clauses if _is_promise(clause) and not _is_agreed(clause, agreed)))


def _is_promise(clause: str) -> bool:
    return any(
        promise.search(clause) and not none.search(clause) for promise, none in zip(PROMISES, NO_PROMISE, strict=True)
    )


def _is_agreed(clause: str, agreed: tuple[str, ...]) -> bool:
    """Whether an agreed plan names every amount of the clause; a promise without one must stand there in its words."""
    amounts = _amounts_in(clause)
    if not amounts:
        return any(clause in plan for plan in agreed)
    return any(amounts <= _amounts_in(plan) for plan in agreed)


def _amounts_in(text: str) -> frozenset[Decimal | str]:
    return frozenset(_worth(found[0]) for found in AMOUNT.finditer(text))


def _worth(amount: str) -> Decimal | str:
    """The number, so that «3,000.00元» is «3000元»; as it is written where it has no digits."""
    digits = re.search(r"\d[\d,.，]*", amount)
    if digits is None:
        return amount
    factor = next((factor for unit, factor in (("万", 10_000), ("千", 1000), ("百", 100)) if unit in amount), 1)
    try:
        return Decimal(re.sub(r"[,，]", "", digits[0]).rstrip(".")) * factor
    except InvalidOperation:
        return amount
