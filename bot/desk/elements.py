"""The desk's own components. Python hands them plain data; what a customer wrote is only ever shown as text."""

from collections.abc import Iterable, Sequence
from typing import Any

from nicegui.element import Element

from bot.complaints.figures import Promise
from bot.complaints.labels import Label, Language, Product, Tier
from bot.complaints.tags import tag_policy
from bot.desk.queue import ROWS_ON_A_PAGE


class QueueList(Element, component="components/queue.js"):
    """The queue's rows, its filters, and the alarm for urgent ones.

    Emits `open` (a conversation's id), `look` (what changes of the view), `turn` (a page, counted from 0), `saveView`
    (a name), `useView` and `removeView` (a saved view's id), `lookFor` (a text, for the palette),
    `chooseHandler`, `give` (`{"ids": …, "to": …}`) and `useMacro` (`{"ids": …, "macro": …, "confirmed": …}`).
    """

    def __init__(self, language: Language, view: dict[str, Any]) -> None:
        super().__init__()
        self._props["tiers"] = _choices(reversed(Tier), language)
        self._props["products"] = _choices(Product, language)
        self._props["tags"] = [{"value": tag.name, "name": tag.display_name(language)} for tag in tag_policy().tags]
        self._props["rowsOnAPage"] = ROWS_ON_A_PAGE
        self._props["views"] = []
        self._props["found"] = []
        self._props["colleagues"] = []
        self._props["queue"] = {"rows": [], "counts": {}, "view": view, "page": 0, "selected": ""}
        self._props["macros"] = []

    def show(
        self, *, rows: Sequence[dict[str, Any]], counts: dict[str, int], view: dict[str, Any], page: int, selected: str
    ) -> None:
        """Show these rows. Only what has changed is sent, and nothing if nothing has."""
        shown = {"rows": list(rows), "counts": counts, "view": view, "page": page, "selected": selected}
        before = self._props["queue"]
        if before == shown:
            return
        self._props["queue"] = shown
        if not before["rows"] or (before["view"], before["page"]) != (view, page):
            self.update()
            return
        known = {row["id"]: row for row in before["rows"]}
        changed = [row for row in rows if known.get(row["id"]) != row]
        self.run_method("change", shown | {"rows": changed, "order": [row["id"] for row in rows]})

    def show_views(self, views: Sequence[dict[str, Any]]) -> None:
        """Show the views that the person has saved."""
        self._props["views"] = list(views)
        self.update()

    def show_found(self, found: Sequence[dict[str, str]]) -> None:
        """Show in the palette what was found."""
        self._props["found"] = list(found)
        self.update()

    def show_colleagues(self, colleagues: Sequence[dict[str, Any]]) -> None:
        """Show to whom the chosen cases may be given."""
        self._props["colleagues"] = list(colleagues)
        self.update()

    def show_macros(self, macros: Sequence[dict[str, Any]]) -> None:
        """Show which macros there are for the chosen cases."""
        self._props["macros"] = list(macros)
        self.update()

    def given(self, outcomes: dict[str, dict[str, Any]]) -> None:
        """Say at each row what came of giving its case away, or of a macro."""
        self.run_method("given", outcomes)


def _choices(labels: Iterable[Label], language: Language) -> list[dict[str, str]]:
    return [{"value": label.value, "name": label.display_name(language)} for label in labels]


class Thread(Element, component="components/thread.js"):
    """The messages of a conversation and the place to answer.

    Every event but `typing` and `draft` says which conversation it is about: `{"of": …, "what": …}`. What it is:
    nothing for `takeOver`, `handBack`, `takeUpDraft` and `colleagues` (who could take the conversation?); for `reply`
    `{"text": …, "seen": …, "sendAt": …, "chosen": …, "macros": …, "confirmed": …}`; for `undo` and `sendNow` the id of
    a reply that has not gone out, for `sendAgain` a message's; for `change` and `correct` `{"id": …, "text": …}`; for
    `note` a text; for `transfer` `{"to": …, "note": …}`; for `reveal` what to show unmasked. `draft` sends
    `{"id": …, "text": …, "basedOn": …}`: what is half written in which conversation, and the edition it began with.
    """

    def __init__(self, language: Language) -> None:
        super().__init__()
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

    def show_presence(self, presence: dict[str, Any]) -> None:
        """Show who else has the conversation open, and whether the customer is typing."""
        self.run_method("seePresence", presence)

    def show_draft(self, draft: dict[str, Any]) -> None:
        """Show what is half written: `{"id": a conversation's, "draft": … or None}`."""
        self.run_method("seeDraft", draft)

    def draft_kept(self, kept: dict[str, Any]) -> None:
        """What is half written was stored: `{"id": …, "edition": …, "at": …}`."""
        self.run_method("draftKept", kept)

    def draft_not_kept(self) -> None:
        """What is half written was not stored; the page tries again with the next word."""
        self.run_method("draftNotKept")

    def draft_is_out_of_date(self, newer: dict[str, Any]) -> None:
        """The person has written something else on another page: let them choose."""
        self.run_method("draftIsOutOfDate", newer)

    def draft_taken_up(self, draft: dict[str, Any]) -> None:
        """What somebody else had begun is the person's own now."""
        self.run_method("takeUpDraft", draft)

    def answer_sent(self, conversation_id: str) -> None:
        """The answer in the composer was stored: clear it."""
        self.run_method("sent", "draft", conversation_id)

    def put_back(self, text: str, macros: Sequence[dict[str, str]], conversation_id: str) -> None:
        """An answer was undone: it is in the composer again, with the macros that are to follow it."""
        self.run_method("putBack", text, list(macros), conversation_id)

    def rewritten(self) -> None:
        """The text in the editor of a message was stored: close it."""
        self.run_method("rewritten")

    def note_added(self, conversation_id: str) -> None:
        """The note in the composer was stored: clear it."""
        self.run_method("sent", "note", conversation_id)

    def answer_held(self, conversation_id: str) -> None:
        """The customer has written meanwhile: ask whether to send all the same."""
        self.run_method("held", conversation_id)

    def answer_not_sent(self, conversation_id: str) -> None:
        """The text was not stored: leave it where it is."""
        self.run_method("notSent", conversation_id)


class ReplyTools(Element, component="components/composer.js"):
    """What stands above the field for an answer: LEARN checklist, canned replies, a word of caution before sending.

    It stands in the thread's slot `writing`, and its events say which conversation they are about, as the thread's do:
    `replies` (which are there? with the moment of asking, by which the answer is known again), `tick`
    (`{"complaint": …, "step": …}`) and `openAct` (the act that a macro opens).
    """

    def __init__(self, language: Language) -> None:
        super().__init__()
        self._props["offered"] = None
        self._props["checklist"] = None
        self._props["caution"] = None

    def show_checklist(self, checklist: dict[str, Any] | None) -> None:
        """Show which LEARN steps are done and which are missing."""
        if self._props["checklist"] != checklist:
            self._props["checklist"] = checklist
            self.update()

    def offer(self, replies: Sequence[dict[str, Any]], *, asked_at: int) -> None:
        """Offer these replies in the picker that asked for them at this moment."""
        self._props["offered"] = {"askedAt": asked_at, "replies": list(replies)}
        self.update()

    def warn(self, caution: dict[str, Any] | None) -> None:
        """Say why the text in the composer was not sent; None takes the warning away."""
        if caution is not None or self._props["caution"] is not None:
            self._props["caution"] = caution
            self.update()


class Cases(Element, component="components/cases.js"):
    """The complaints of a conversation.

    Emits `act` (`{"id": …, "act": …, "target": …, "values": …}`) and `reveal` (what to show unmasked).
    """

    def __init__(self, language: Language) -> None:
        super().__init__()
        self._props["locale"] = "zh-CN" if language == "zh" else "en-GB"
        self._props["cases"] = []

    def show(self, cases: Sequence[dict[str, Any]]) -> None:
        """Show these complaints."""
        if self._props["cases"] != list(cases):
            self._props["cases"] = list(cases)
            self.update()

    def open_act(self, complaint_id: str, name: str) -> None:
        """Open the form of an act that is offered; one without a form is only shown."""
        self.run_method("openAct", complaint_id, name)

    def act_done(self) -> None:
        """What the person chose was done: close its form."""
        self.run_method("actDone")


class Bell(Element, component="components/bell.js"):
    """The bell in the top bar: who must not wait, and what the person must see.

    Emits `open` (a conversation's address, and with a notice its id: `{"address": …, "id": …}`), `see` (a notice's id)
    and `seeAll` (the id of the newest notice shown).
    """

    def __init__(self, language: Language) -> None:
        super().__init__()
        self._props["locale"] = "zh-CN" if language == "zh" else "en-GB"
        self._props["alarms"], self._props["notices"], self._props["unseen"] = [], [], 0

    def show(self, *, alarms: Sequence[dict[str, Any]], notices: Sequence[dict[str, Any]], unseen: int) -> None:
        """Show these; nothing is sent if nothing changed."""
        shown = {"alarms": list(alarms), "notices": list(notices), "unseen": unseen}
        if any(self._props[name] != value for name, value in shown.items()):
            self._props.update(shown)
            self.update()


class OversightTables(Element, component="components/oversight.js"):
    """The figures by unit and by person, and what waits for a decision. Emits `reassign` (a person's id).

    Args:
        days: the periods offered, in days.
        chosen: `{"days": …, "since": …, "until": …}`.
        csv_address: where the same figures are had as CSV.
    """

    def __init__(self, language: Language, *, days: Sequence[int], chosen: dict[str, Any], csv_address: str) -> None:
        super().__init__()
        self._props["locale"] = "zh-CN" if language == "zh" else "en-GB"
        self._props["tiers"] = _choices(Tier, language)
        self._props["promises"] = _choices(Promise, language)
        self._props["days"], self._props["chosen"], self._props["csvAddress"] = list(days), chosen, csv_address
        self._props["sheet"] = None

    def show(
        self,
        *,
        overall: dict[str, Any],
        units: Sequence[dict[str, Any]],
        people: Sequence[dict[str, Any]],
        awaited: Sequence[dict[str, Any]],
    ) -> None:
        """Show these; nothing is sent if nothing changed."""
        sheet = {"overall": overall, "units": list(units), "people": list(people), "awaited": list(awaited)}
        if self._props["sheet"] != sheet:
            self._props["sheet"] = sheet
            self.update()
