"""Whatever people write, on every page of the desk it is text: no element, no script, no request comes of it."""

import uuid
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from playwright.sync_api import Page, expect

from bot.api.models import ComplaintComment
from bot.clock import system_clock
from bot.complaints.models import LONGEST_DEPARTMENT, Complaint
from bot.complaints.plans import submit_plan
from bot.complaints.tasks import ask_department
from bot.conversations.channel import InboundAttachment
from bot.conversations.notes import add_note
from bot.followups.results import tell_result
from bot.staff.candidates import person_of
from bot.staff.models import Role, StaffMember
from tests.browser.test_desk import Bank, Enter, bank, enter, open_conversation, row  # noqa: F401 - the desk's fixtures

NASTY = (
    "<script>window.__pwned=1</script>",
    "<img class=pwned src=x onerror=window.__pwned=2>",
    '"><svg class=pwned onload=window.__pwned=3>',
    "</p></div></template><b class=pwned>4</b>",
    "<iframe class=pwned srcdoc='<script>parent.__pwned=5</script>'></iframe>",
    "{{ constructor.constructor('window.__pwned=6')() }}",
    "${window.__pwned=7} #{window.__pwned=7} <%= 7 %>",
    "[按这里](javascript:window.__pwned=8) ![](//evil.example/8.png)",
    "<a class=pwned href='javascript:window.__pwned=9'>退款</a>",
    "'-window.__pwned=10-' \\'; window.__pwned=10 //",
    "</textarea></title><style class=pwned>*{display:none}</style>",
    "<meta class=pwned http-equiv=refresh content='0;url=//evil.example'>",
    "<form class=pwned action=//evil.example><button>12</button></form>",
    "<math class=pwned><mtext></mtext><script>window.__pwned=13</script></math>",
    "<details class=pwned open ontoggle=window.__pwned=14>",
    "&lt;b&gt; &amp;lt; &#60;i class=pwned&#62; &quot;",
    "<link class=pwned rel=stylesheet href=//evil.example/16.css>",
    "--> <!-- ]]> <![CDATA[ ?> <?php",
    "\u202e<b class=pwned>txet\u202c \u200b\ufeff",
    "<object class=pwned data=//evil.example></object> =HYPERLINK(1)",
)
CLEAN = "() => window.__pwned === undefined && document.querySelectorAll('.pwned').length === 0"
MARKUP = st.text(alphabet="<>&\"'/=!-{}$`\\;:()[]*# abon诉\u202e😀", min_size=1, max_size=120).filter(str.strip)


def expect_clean(page: Page) -> None:
    """Nothing of what was written became more than text."""
    page.wait_for_timeout(100)  # a picture that fails to load says so a little later
    assert page.evaluate(CLEAN)


def normal(text: str) -> str:
    """As a page shows it: spaces are one."""
    return " ".join(text.split())


def everybody_writes(bank: Bank, person: StaffMember) -> list[uuid.UUID]:  # noqa: F811
    """A customer for each text, who has it as name, message, story and file name."""
    written = []
    for text in NASTY:
        attachment = InboundAttachment("document", "application/pdf", f"{text}.pdf", b"%PDF-1.4")
        conversation_id = bank.run(bank.scene.customer_writes(text, name=f"王{text}", attachment=attachment))
        bank.run(bank.scene.person_is_called(conversation_id))
        bank.run(bank.scene.complaint(conversation_id, story=text))
        written.append(conversation_id)
    return written


async def staff_writes(bank: Bank, conversation_id: uuid.UUID, person: StaffMember, text: str) -> None:  # noqa: F811
    """The text as a note, a plan, a question to a department, a comment of another system, and a result."""
    now, by = system_clock(), person_of(person)
    opened = await bank.scene.complaint(conversation_id, story=text)
    async with bank.database.transaction() as session:
        complaint = await session.get_one(Complaint, opened.id)
        await add_note(session, conversation_id, person.id, text, username=person.username, now=now)
        await submit_plan(session, complaint, text, by=by, now=now)
        due_at = now + timedelta(days=1)
        await ask_department(session, complaint, text[:LONGEST_DEPARTMENT], text, due_at=due_at, by=by, now=now)
        session.add(ComplaintComment(complaint_id=complaint.id, author="api:crm", text=text, written_at=now))
        await tell_result(session, complaint, text, actor=by.actor, now=now)
        complaint.rating, complaint.rating_comment = 1, text


def test_what_customers_write_is_text_in_the_queue_the_palette_and_the_conversation(
    enter: Enter,  # noqa: F811
    bank: Bank,  # noqa: F811
) -> None:
    person = bank.a_member()
    conversations = everybody_writes(bank, person)
    page = enter(person)
    page.click('[data-filter="open"]')
    expect(page.locator(".row")).to_have_count(len(NASTY))
    expect_clean(page)
    for conversation_id, text in zip(conversations, NASTY, strict=True):
        expect(row(page, conversation_id).locator(".row-snippet")).to_have_text(normal(text))
        row(page, conversation_id).click()
        expect(page.locator(".messages .text").last).to_have_text(normal(text))
        expect(page.locator(".case .story").first).to_have_text(normal(text))
        expect(page.locator(".file strong")).to_have_text(normal(f"{text}.pdf"))
        page.locator(".thread-who ~ .reveal").first.click()
        expect(page.locator(".thread-who h1")).to_have_text(normal(f"王{text}"))
        expect_clean(page)
    page.keyboard.press("Control+k")
    page.keyboard.type("pwned")
    expect(page.locator(".palette li small").first).to_be_visible()
    expect_clean(page)


def test_what_staff_writes_is_text_in_the_case_and_on_a_saved_filter(enter: Enter, bank: Bank) -> None:  # noqa: F811
    person = bank.a_member(role=Role.COORDINATOR, unit_code="HB-WH")
    conversation_id = bank.waiting()
    for text in NASTY:
        bank.run(staff_writes(bank, conversation_id, person, text))
    page = enter(person)
    open_conversation(page, bank, conversation_id)
    expect(page.locator(".case")).to_have_count(len(NASTY))
    shown = {normal(text) for text in page.locator(".story").all_text_contents()}
    assert {normal(text) for text in NASTY} <= shown
    comments = [normal(text) for text in page.locator(".comments .story").all_text_contents()]
    assert sorted(comments) == sorted(normal(text) for text in NASTY)
    notes = [normal(text) for text in page.locator(".message.note .text").all_text_contents()]
    assert notes == [normal(text) for text in NASTY]
    expect_clean(page)

    page.goto(bank.desk.address)
    for text in NASTY[:3]:
        page.fill("input[type=search]", text)
        page.get_by_role("button", name="保存").first.click()
        page.locator(".views input").fill(text[:30])
        page.keyboard.press("Enter")
        expect(page.locator(".view").last).to_contain_text(normal(text[:30]))
        page.fill("input[type=search]", "")
        expect_clean(page)


def test_names_of_staff_are_text_and_so_is_what_the_audit_log_is_asked_for(enter: Enter, bank: Bank) -> None:  # noqa: F811
    members = [bank.a_member(name=text[:50], unit_code="HB-SY") for text in NASTY[:8]]
    page = enter(bank.a_member(role=Role.ADMINISTRATOR, unit_code="HB-SY"), "/people")
    for member in members:
        page.locator(f'[data-username="{member.username}"]').click()
        expect(page.locator(".person h1")).to_have_text(normal(member.name))
        expect_clean(page)
    audit = enter(bank.a_member(role=Role.AUDITOR, unit_code="HB"), "/audit")
    for text in NASTY:
        audit.fill("input[name=subject]", text)
        audit.click("button.primary")
        expect(audit.locator("input[name=subject]")).to_have_value(text)
        expect_clean(audit)


def test_any_mixture_of_markup_is_shown_as_it_was_written(enter: Enter, bank: Bank) -> None:  # noqa: F811
    conversation_id = bank.waiting()
    page = enter(bank.a_member())
    open_conversation(page, bank, conversation_id)

    @settings(max_examples=20, deadline=None, database=None, derandomize=True)
    @given(MARKUP)
    def is_shown(text: str) -> None:
        bank.writes_again(conversation_id, text)
        expect(page.locator(".messages .text").last).to_have_text(normal(text))
        assert page.evaluate(CLEAN)

    is_shown()
