"""What a customer and the assistant say in the pictures of the chat, and the page of the bank's that it stands on."""

from bot.complaints.labels import Language
from bot.wording import Saying

PAGE = """<!doctype html><html lang="{language}"><meta charset="utf-8"><title>{title}</title>
<style>
  body {{ margin: 0; font: 16px/1.7 sans-serif; color: #24323a; background: #f2f5f6 }}
  main {{ max-width: 720px; padding: 48px }}
</style>
<main><h1>{title}</h1><p>{text}</p></main><script src="/embed.js" data-language="{language}"></script></html>"""
WORDS: dict[Language, tuple[str, str]] = {
    "zh": ("网点服务", "全省网点周一至周日营业，周末只办个人业务。"),
    "en": ("Our outlets", "Outlets are open every day; at weekends for personal customers only."),
}
CHATS: dict[Language, tuple[str, Saying]] = {
    "zh": (
        "柜台排了一个半小时，大堂还说我没取号",
        Saying("排了一个半小时，到头来还被说没取号，确实窝火。是在哪个网点？", ("司门口支行", "徐东大街支行")),
    ),
    "en": (
        "I queued for ninety minutes and was told I had no ticket",
        Saying(
            "Ninety minutes, and then to be told that: of course you are annoyed. Which outlet was it?",
            ("Simenkou Outlet", "Xudong Street Outlet"),
        ),
    ),
}
"""What the customer writes, and the answer."""


def page_of_the_bank(language: Language) -> str:
    """A page of the bank's with the button that opens the chat."""
    title, text = WORDS[language]
    return PAGE.format(language=language, title=title, text=text)
