"""Which language a message is in: Chinese or English.

Two scripts, two languages: a count of characters settles it, where language identification libraries err on the short
and mixed messages of a chat («ATM吞卡了», «POS机 error»).
"""

import re

HAN = re.compile(r"[㐀-鿿豈-﫿]")
LATIN_WORD = re.compile(r"[A-Za-z][A-Za-z'’]+")


def detect_language(text: str) -> str | None:
    """`zh` or `en`, or `None` where the text does not tell (a number, an emoji, «OK», «ATM»).

    A Chinese sentence with English words in it stays Chinese; an English one that names a Chinese place stays English.
    """
    without_placeholders = re.sub(r"\[[^\]]*\]", "", text)
    han = len(HAN.findall(without_placeholders))
    words = LATIN_WORD.findall(without_placeholders)
    if han and han * 2 >= len(words):
        return "zh"
    meaningful = [word for word in words if word.upper() != word or len(words) > 2]
    if len(meaningful) >= 2 or (meaningful and not han and len(meaningful[0]) > 3):
        return "en"
    return None
