"""The desk's own components. Python hands them plain data; what a customer wrote is only ever shown as text."""

from collections.abc import Sequence
from typing import Any

from nicegui.element import Element

from bot.complaints.labels import Language
from bot.desk.words import browser_words


class QueueList(Element, component="components/queue.js"):
    """The queue's rows, its filters, and the alarm for urgent ones.

    Emits `open` (a conversation's id) and `choose` (a filter).
    """

    def __init__(self, language: Language) -> None:
        super().__init__()
        self._props["words"] = browser_words(language)
        self._props["rows"] = []
        self._props["counts"] = {}
        self._props["chosen"] = "waiting"
        self._props["selected"] = ""

    def show(self, rows: Sequence[dict[str, Any]], counts: dict[str, int], chosen: str, selected: str) -> None:
        """Show these rows; nothing is sent if nothing changed."""
        shown = {"rows": list(rows), "counts": counts, "chosen": chosen, "selected": selected}
        if any(self._props[name] != value for name, value in shown.items()):
            self._props.update(shown)
            self.update()


class Thread(Element, component="components/thread.js"):
    """The messages of a conversation and the place to answer.

    Emits `takeOver`, `handBack`, `reply` (`{"text": …, "seen": …}`), `note` (a text), `colleagues` (who could take the
    conversation?), `transfer` (`{"to": …, "note": …}`) and `reveal` (what to show unmasked).
    """

    def __init__(self, language: Language) -> None:
        super().__init__()
        self._props["words"] = browser_words(language)
        self._props["locale"] = "zh-CN" if language == "zh" else "en-GB"
        self._props["thread"] = None
        self._props["colleagues"] = []

    def show(self, thread: dict[str, Any] | None) -> None:
        """Show this conversation."""
        if self._props["thread"] != thread:
            self._props["thread"] = thread
            self.update()

    def offer(self, colleagues: Sequence[dict[str, Any]]) -> None:
        """Offer these colleagues to pass the conversation on to."""
        self._props["colleagues"] = list(colleagues)
        self.update()

    def answer_sent(self) -> None:
        """The answer in the composer was stored: clear it."""
        self.run_method("sent", "draft")

    def note_added(self) -> None:
        """The note in the composer was stored: clear it."""
        self.run_method("sent", "note")

    def answer_held(self) -> None:
        """The customer has written meanwhile: ask whether to send all the same."""
        self.run_method("held")

    def answer_not_sent(self) -> None:
        """The text was not stored: leave it where it is."""
        self.run_method("notSent")


class Cases(Element, component="components/cases.js"):
    """The complaints of a conversation.

    Emits `act` (`{"id": …, "act": …, "target": …, "values": …}`) and `reveal` (what to show unmasked).
    """

    def __init__(self, language: Language) -> None:
        super().__init__()
        self._props["words"] = browser_words(language)
        self._props["locale"] = "zh-CN" if language == "zh" else "en-GB"
        self._props["cases"] = []

    def show(self, cases: Sequence[dict[str, Any]]) -> None:
        """Show these complaints."""
        if self._props["cases"] != list(cases):
            self._props["cases"] = list(cases)
            self.update()

    def act_done(self) -> None:
        """What the person chose was done: close its form."""
        self.run_method("actDone")
