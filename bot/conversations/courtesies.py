"""Whether a message only thanks or says goodbye, so that nobody owes it an answer."""

import re
import unicodedata

_THANKS = {
    "zh": ("谢谢", "谢了", "多谢", "感谢", "非常感谢", "十分感谢", "辛苦了", "辛苦", "麻烦了", "麻烦你们了", "劳驾了"),
    "en": ("thank you", "thanks", "many thanks", "thx", "ty", "cheers", "much appreciated", "i appreciate it"),
}
_FAREWELLS = {
    "zh": ("再见", "拜拜", "回见", "祝好", "祝工作顺利", "祝您工作顺利", "晚安"),
    "en": ("goodbye", "bye bye", "bye", "see you", "take care", "have a nice day", "have a good day", "good night"),
}
_ASIDES = {
    "zh": (
        "好的", "好", "好吧", "好滴", "嗯", "嗯嗯", "哦", "行", "可以", "知道了", "我知道了", "明白了", "明白", "收到",
        "那", "就这样", "那就这样", "没事了", "没有了", "没别的事了", "不用了", "你", "您", "你们", "您们", "了", "啦",
        "啊", "呀", "哈", "先生", "女士", "经理", "银行", "帮忙", "的帮忙", "的帮助", "回复", "的回复",
    ),
    "en": (
        "ok", "okay", "all right", "alright", "great", "good", "fine", "perfect", "got it", "understood", "noted",
        "so much", "very much", "a lot", "again", "for your help", "for the help", "for that", "then", "and", "sir",
        "madam", "thats all", "that is all", "all good", "no problem", "yes", "everyone", "all",
    ),
}  # fmt: skip
LONGEST_COURTESY = 60
"""Characters; whoever writes more has more to say."""


def _phrase(words: dict[str, tuple[str, ...]]) -> str:
    chinese = "|".join(sorted(words["zh"], key=len, reverse=True))
    english = "|".join(sorted(words["en"], key=len, reverse=True))
    return rf"(?:{chinese}|\b(?:{english})\b)"


_POINT = re.compile(_phrase({key: _THANKS[key] + _FAREWELLS[key] for key in _THANKS}))
_KNOWN = re.compile(_phrase({key: _THANKS[key] + _FAREWELLS[key] + _ASIDES[key] for key in _THANKS}))


def is_mere_courtesy(text: str) -> bool:
    """Whether a text thanks or takes leave and says nothing else: «好的谢谢再见», "thanks, bye".

    Every word of it must be known to be polite; «谢谢，可是卡还没到» is not.
    """
    words = " ".join("".join(_letter(character) for character in text).split())
    return len(text) <= LONGEST_COURTESY and bool(_POINT.search(words)) and not _KNOWN.sub("", words).strip()


def _letter(character: str) -> str:
    """Small letters and characters; signs and pictures separate words, an apostrophe does not. A question stays one."""
    if character in "?？":
        return "?"
    if character in "'’":
        return ""
    return character.lower() if unicodedata.category(character)[0] in "LN" else " "
