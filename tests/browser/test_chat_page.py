"""The chat page in a real browser: what a customer on a phone sees and can do."""

import re
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from bot.conversations.models import Author
from bot.conversations.presence import Doing
from tests.browser.conftest import ChatServer
from tests.integration.desk.served import wait_for

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c4944415408d763f8cfc000000301010018dd8db0"
    "0000000049454e44ae426082"
)


def open_chat(page: Page, server: ChatServer, query: str = "") -> None:
    page.goto(f"{server.address}/chat{query}")
    expect(page.locator("#log .row.bot")).to_have_count(1)


def write(page: Page, text: str) -> str:
    """Write and send, as with a keyboard; a mark makes the text this test's own."""
    own = f"{text} {uuid.uuid4().hex[:6]}"
    page.locator("#writing").fill(own)
    page.keyboard.press("Enter")
    return own


def sent(page: Page, text: str) -> Locator:
    """A message that the bank has confirmed."""
    return page.locator("#log .row.customer:not(.waiting):not(.failed)", has_text=text)


def bubbles(page: Page) -> list[str]:
    return page.locator("#log .row .bubble").all_inner_texts()


def test_the_greeting_appears_by_itself_in_chinese(browser_page: Page, chat_server: ChatServer) -> None:
    open_chat(browser_page, chat_server)
    assert "听诉" in bubbles(browser_page)[0]
    expect(browser_page.locator("html")).to_have_attribute("lang", "zh-CN")


def test_the_page_speaks_english_when_the_link_says_so(browser_page: Page, chat_server: ChatServer) -> None:
    open_chat(browser_page, chat_server, "?language=en")
    assert "Tingsu" in bubbles(browser_page)[0]
    expect(browser_page.get_by_role("heading", level=1)).to_have_text("Complaints")
    expect(browser_page.get_by_role("button", name="Send", exact=True)).to_be_visible()


def test_the_language_switch_changes_the_pages_words_and_is_remembered(
    browser_page: Page, chat_server: ChatServer
) -> None:
    open_chat(browser_page, chat_server)
    browser_page.get_by_role("button", name="Switch to English").click()
    expect(browser_page.locator("#writing")).to_have_attribute("placeholder", "Tell us what happened")
    browser_page.goto(f"{chat_server.address}/chat")
    expect(browser_page.locator("#writing")).to_have_attribute("placeholder", "Tell us what happened")


def test_a_message_is_answered_and_the_quick_replies_go_after_one_is_used(
    browser_page: Page, chat_server: ChatServer
) -> None:
    open_chat(browser_page, chat_server)
    mine = write(browser_page, "卡被吞了")
    expect(sent(browser_page, mine)).to_have_count(1)
    expect(browser_page.locator("#typing")).to_be_visible()
    chat_server.bank_says(mine, "是哪台机器？", buttons=["门口那台", "大厅那台"])
    expect(browser_page.locator("#typing")).to_be_hidden()
    browser_page.get_by_role("button", name="门口那台").click()
    expect(sent(browser_page, "门口那台")).to_have_count(1)
    expect(browser_page.locator("#replies")).to_be_hidden()
    assert bubbles(browser_page)[1:] == [mine, "是哪台机器？", "门口那台"]


def test_only_the_newest_message_offers_quick_replies(browser_page: Page, chat_server: ChatServer) -> None:
    open_chat(browser_page, chat_server)
    mine = write(browser_page, "卡被吞了")
    expect(sent(browser_page, mine)).to_have_count(1)
    chat_server.bank_says(mine, "是哪台机器？", buttons=["门口那台"])
    expect(browser_page.get_by_role("button", name="门口那台")).to_be_visible()
    chat_server.bank_says(mine, "还在吗？", buttons=["还在"])
    expect(browser_page.get_by_role("button", name="还在")).to_be_visible()
    expect(browser_page.get_by_role("button", name="门口那台")).to_have_count(0)


def test_the_history_is_there_after_a_reload(browser_page: Page, chat_server: ChatServer) -> None:
    open_chat(browser_page, chat_server)
    mine = write(browser_page, "刷新之前")
    expect(sent(browser_page, mine)).to_have_count(1)
    chat_server.bank_says(mine, "我记下了。")
    expect(browser_page.locator("#log .row.bot")).to_have_count(2)
    before = bubbles(browser_page)
    browser_page.reload()
    expect(browser_page.locator("#log .row")).to_have_count(3)
    assert bubbles(browser_page) == before


def test_what_staff_writes_looks_different_from_the_bot(browser_page: Page, chat_server: ChatServer) -> None:
    open_chat(browser_page, chat_server)
    mine = write(browser_page, "人工在吗")
    expect(sent(browser_page, mine)).to_have_count(1)
    chat_server.staff_takes_over(mine)
    expect(browser_page.locator("#typing")).to_be_hidden()
    chat_server.bank_says(mine, "我是李经理。", author=Author.STAFF)
    staff = browser_page.locator("#log .row.staff")
    expect(staff.locator(".by")).to_have_text("工作人员")
    colour = "element => getComputedStyle(element).backgroundColor"
    bot = browser_page.locator("#log .row.bot .bubble").first
    assert staff.locator(".bubble").evaluate(colour) != bot.evaluate(colour)


def test_a_text_is_never_read_as_html(browser_page: Page, chat_server: ChatServer) -> None:
    open_chat(browser_page, chat_server)
    mine = write(browser_page, "<img src=x onerror=alert(1)><b>粗</b>")
    expect(sent(browser_page, mine)).to_have_count(1)
    chat_server.bank_says(mine, "<script>alert(1)</script> https://evil.example")
    expect(browser_page.locator("#log .row.bot")).to_have_count(2)
    assert bubbles(browser_page)[1:] == [mine, "<script>alert(1)</script> https://evil.example"]
    expect(browser_page.locator("#log img, #log b, #log script, #log a")).to_have_count(0)


def test_hotlines_of_the_bank_can_be_tapped_and_amounts_cannot(browser_page: Page, chat_server: ChatServer) -> None:
    open_chat(browser_page, chat_server)
    mine = write(browser_page, "我打了110")
    expect(sent(browser_page, mine)).to_have_count(1)
    chat_server.bank_says(
        mine, "先打 95580 冻结，危险时打110或120，难受时打12356。退的120元、¥110、编号TS-110-4和1101号不是电话。"
    )
    links = browser_page.locator("#log .row.bot a")
    expect(links).to_have_text(["95580", "110", "120", "12356"])
    expect(links.first).to_have_attribute("href", "tel:95580")
    expect(browser_page.locator("#log .row.customer a")).to_have_count(0)


def test_enter_sends_and_shift_enter_is_a_new_line(browser_page: Page, chat_server: ChatServer) -> None:
    open_chat(browser_page, chat_server)
    box = browser_page.locator("#writing")
    box.press_sequentially("第一行")
    box.press("Shift+Enter")
    box.press_sequentially("第二行")
    expect(box).to_have_value("第一行\n第二行")
    box.press("Enter")
    expect(sent(browser_page, "第二行")).to_have_count(1)
    expect(box).to_have_value("")


def test_enter_that_chooses_a_word_in_an_input_method_does_not_send(
    browser_page: Page, chat_server: ChatServer
) -> None:
    open_chat(browser_page, chat_server)
    box = browser_page.locator("#writing")
    box.focus()
    session = browser_page.context.new_cdp_session(browser_page)
    session.send("Input.imeSetComposition", {"text": "ka bei", "selectionStart": 6, "selectionEnd": 6})
    box.press("Enter")
    expect(browser_page.locator("#log .row.customer")).to_have_count(0)
    session.send("Input.insertText", {"text": "卡被"})
    box.press("Enter")
    expect(sent(browser_page, "卡被")).to_have_count(1)


def test_a_message_written_offline_goes_out_once_the_network_is_back(
    browser_page: Page, chat_server: ChatServer
) -> None:
    open_chat(browser_page, chat_server)
    browser_page.context.set_offline(True)
    banner = browser_page.locator("#banner")
    expect(banner).to_contain_text("网络断了")
    mine = write(browser_page, "断网时写的")
    expect(browser_page.locator("#log .row.waiting")).to_contain_text(mine)
    browser_page.context.set_offline(False)
    expect(sent(browser_page, mine)).to_have_count(1, timeout=20_000)
    expect(banner).to_be_hidden(timeout=20_000)
    assert chat_server.written(mine) == 1


def test_a_message_whose_confirmation_was_lost_is_not_taken_twice(browser_page: Page, chat_server: ChatServer) -> None:
    open_chat(browser_page, chat_server)
    browser_page.route("**/api/chat/messages", lambda route: (route.fetch(), route.abort()), times=1)
    mine = write(browser_page, "答复丢了")
    # Either the page tries again, or the live socket shows it its own message first.
    expect(sent(browser_page, mine)).to_have_count(1)
    assert chat_server.written(mine) == 1
    expect(browser_page.locator("#log .row.customer")).to_have_count(1)


def test_without_web_sockets_the_page_polls(browser_page: Page, chat_server: ChatServer) -> None:
    browser_page.add_init_script("window.WebSocket = class { constructor() { throw new Error('blocked'); } };")
    open_chat(browser_page, chat_server)
    mine = write(browser_page, "没有长连接")
    expect(sent(browser_page, mine)).to_have_count(1)
    expect(browser_page.locator("#typing")).to_be_visible()
    chat_server.bank_says(mine, "照样收得到。")
    expect(browser_page.locator("#log .row.bot")).to_have_count(2)
    chat_server.bank_says(mine, "第二条也是。")
    expect(browser_page.locator("#log .row.bot")).to_have_count(3)


def test_where_storage_is_blocked_the_chat_still_works(browser_page: Page, chat_server: ChatServer) -> None:
    browser_page.add_init_script(
        "Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('no', 'SecurityError'); } });"
    )
    open_chat(browser_page, chat_server)
    mine = write(browser_page, "不能存")
    expect(sent(browser_page, mine)).to_have_count(1)


def test_a_token_that_opens_nothing_leads_to_a_new_conversation_with_an_explanation(
    browser_page: Page, chat_server: ChatServer
) -> None:
    browser_page.goto(f"{chat_server.address}/chat/static/mark.svg")
    browser_page.evaluate("localStorage.setItem('tingsu.token', 'from another time')")
    open_chat(browser_page, chat_server)
    expect(browser_page.locator("#notice")).to_contain_text("已经换成新的对话")
    expect(sent(browser_page, write(browser_page, "从头来"))).to_have_count(1)


def test_a_photo_is_previewed_sent_and_there_after_a_reload(browser_page: Page, chat_server: ChatServer) -> None:
    open_chat(browser_page, chat_server)
    browser_page.locator("#pick").set_input_files({"name": "回单.png", "mimeType": "image/png", "buffer": PNG})
    expect(browser_page.locator("#files li")).to_contain_text("回单.png")
    mine = write(browser_page, "这是回单")
    expect(browser_page.locator("#files")).to_be_hidden()
    expect(sent(browser_page, mine).locator(".picture img")).to_be_visible()
    browser_page.reload()
    picture = sent(browser_page, mine).locator(".picture")
    expect(picture.locator("img")).to_have_js_property("naturalWidth", 1)
    picture.click()
    expect(browser_page.locator("#photo")).to_be_visible()
    browser_page.keyboard.press("Escape")
    expect(browser_page.locator("#photo")).to_be_hidden()


def test_a_document_can_be_fetched_again(browser_page: Page, chat_server: ChatServer) -> None:
    open_chat(browser_page, chat_server)
    browser_page.locator("#pick").set_input_files(
        {"name": "说明.txt", "mimeType": "text/plain", "buffer": "那天我去取款。".encode()}
    )
    browser_page.get_by_role("button", name="发送", exact=True).click()
    with browser_page.expect_download() as download:
        browser_page.get_by_role("button", name="下载：说明.txt").click()
    assert download.value.suggested_filename == "说明.txt"
    assert download.value.path().read_text() == "那天我去取款。"


def test_a_file_that_cannot_be_taken_is_explained(browser_page: Page, chat_server: ChatServer) -> None:
    open_chat(browser_page, chat_server)
    large = {"name": "大.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7" + bytes(2 * 1024 * 1024)}
    browser_page.locator("#pick").set_input_files(large)
    expect(browser_page.locator("#notice")).to_contain_text("超过 1 MB")
    expect(browser_page.locator("#files")).to_be_hidden()
    program = {"name": "照片.jpg", "mimeType": "image/jpeg", "buffer": b"MZ\x90\x00" + bytes(100)}
    browser_page.locator("#pick").set_input_files(program)
    browser_page.get_by_role("button", name="发送", exact=True).click()
    expect(browser_page.locator("#log .row.failed .below")).to_contain_text("这种文件收不了")


def test_an_image_can_be_pasted(browser_page: Page, chat_server: ChatServer) -> None:
    open_chat(browser_page, chat_server)
    browser_page.evaluate(
        """bytes => {
            const data = new DataTransfer();
            data.items.add(new File([new Uint8Array(bytes)], "截图.png", { type: "image/png" }));
            const paste = new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true });
            document.getElementById("writing").dispatchEvent(paste);
        }""",
        list(PNG),
    )
    expect(browser_page.locator("#files li")).to_contain_text("截图.png")
    browser_page.get_by_role("button", name="去掉：截图.png").click()
    expect(browser_page.locator("#files")).to_be_hidden()


def test_a_person_is_one_touch_away(browser_page: Page, chat_server: ChatServer) -> None:
    open_chat(browser_page, chat_server)
    browser_page.locator("#human").click()
    expect(sent(browser_page, "人工")).to_have_count(1)


def test_a_new_conversation_starts_only_after_a_question(browser_page: Page, chat_server: ChatServer) -> None:
    open_chat(browser_page, chat_server)
    mine = write(browser_page, "旧的对话")
    expect(sent(browser_page, mine)).to_have_count(1)
    new = browser_page.get_by_role("button", name="新的对话")
    new.click()
    browser_page.get_by_role("button", name="继续现在的").click()
    expect(sent(browser_page, mine)).to_have_count(1)
    new.click()
    browser_page.get_by_role("button", name="开始新的").click()
    expect(sent(browser_page, mine)).to_have_count(0)
    expect(browser_page.locator("#log .row.bot")).to_have_count(1)


def test_a_card_number_disappears_from_the_page_once_it_is_masked(browser_page: Page, chat_server: ChatServer) -> None:
    open_chat(browser_page, chat_server)
    browser_page.locator("#writing").fill("卡号 6222021234567890128 被扣钱")
    browser_page.keyboard.press("Enter")
    expect(sent(browser_page, "被扣钱")).to_have_count(1)
    expect(browser_page.locator("#log")).not_to_contain_text("6222021234567890128")


@pytest.mark.parametrize(("width", "height"), [(320, 568), (390, 780), (768, 1024), (1280, 800)])
def test_nothing_sticks_out_and_everything_can_be_touched(
    browser_page: Page, chat_server: ChatServer, width: int, height: int
) -> None:
    browser_page.set_viewport_size({"width": width, "height": height})
    open_chat(browser_page, chat_server, "?language=en" if width == 320 else "")
    mine = write(browser_page, "长" * 60 + "averyveryverylongwordwithoutanyspaceinit" * 3)
    expect(sent(browser_page, mine)).to_have_count(1)
    chat_server.bank_says(mine, "请选。", buttons=["一个很长很长的回答", "另一个很长很长很长的回答", "不记得了"])
    expect(browser_page.locator("#replies button")).to_have_count(3)
    assert browser_page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert browser_page.evaluate(
        "document.getElementById('scroll').scrollWidth <= document.getElementById('scroll').clientWidth"
    )
    for button in browser_page.get_by_role("button").all():
        box = button.bounding_box()
        assert box is not None
        assert box["height"] >= 40, button
        assert box["width"] >= 40, button
        assert box["x"] >= 0, button
        assert box["x"] + box["width"] <= width, button
    size = float(browser_page.locator("#writing").evaluate("element => parseFloat(getComputedStyle(element).fontSize)"))
    assert size >= 16  # smaller, and an iPhone zooms in when the box is touched


def test_a_screen_reader_hears_who_wrote_and_every_control_has_a_name(
    browser_page: Page, chat_server: ChatServer
) -> None:
    open_chat(browser_page, chat_server)
    log = browser_page.get_by_role("log", name="对话")
    expect(log).to_have_attribute("aria-live", "polite")
    expect(log).to_have_attribute("aria-busy", "false")
    mine = write(browser_page, "读给我听")
    expect(sent(browser_page, mine).locator(".by")).to_have_text("您")
    for control in browser_page.locator("button:visible, textarea:visible").all():
        assert control.evaluate("element => element.ariaLabel || element.innerText || element.labels?.[0]?.innerText")


def test_everything_can_be_reached_by_keyboard_and_shows_its_focus(chromium: Browser, chat_server: ChatServer) -> None:
    page = chromium.new_page(viewport={"width": 1280, "height": 800})
    try:
        open_chat(page, chat_server)
        expect(page.locator("#writing")).to_be_focused()
        reached = set()
        for _ in range(12):
            page.keyboard.press("Tab")
            reached.add(page.evaluate("document.activeElement.id"))
        assert {"language", "new", "human", "attach", "writing", "send"} <= reached
        page.locator("#human").focus()
        page.keyboard.press("Shift+Tab")
        page.keyboard.press("Tab")
        assert page.locator("#human").evaluate("element => getComputedStyle(element).outlineStyle") == "solid"
    finally:
        page.close()


def test_whoever_wants_less_motion_sees_none(browser_page: Page, chat_server: ChatServer) -> None:
    browser_page.emulate_media(reduced_motion="reduce")
    open_chat(browser_page, chat_server)
    write(browser_page, "不要动")
    dot = browser_page.locator("#typing i").first
    expect(dot).to_be_visible()
    assert dot.evaluate("element => getComputedStyle(element).animationName") == "none"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_texts_can_be_read_by_day_and_by_night(browser_page: Page, chat_server: ChatServer, scheme: str) -> None:
    browser_page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    open_chat(browser_page, chat_server)
    mine = write(browser_page, "看得清吗")
    expect(sent(browser_page, mine)).to_have_count(1)
    chat_server.bank_says(mine, "请打 95580。", author=Author.STAFF)
    expect(browser_page.locator("#log .row.staff")).to_have_count(1)
    browser_page.locator("#writing").blur()
    for selector in [".bot .bubble", ".customer .bubble", ".staff .bubble", ".staff .bubble a", ".staff .by", ".below"]:
        assert contrast(browser_page.locator(f"#log {selector}").first) >= 4.5, selector
    for selector in [".title p", "#language", "#human"]:
        assert contrast(browser_page.locator(selector)) >= 4.5, selector


def contrast(element: Locator) -> float:
    """The contrast of an element's text with what is painted behind it, by WCAG 2."""
    colours = element.evaluate(
        """element => {
            let behind = element;
            while (getComputedStyle(behind).backgroundColor === "rgba(0, 0, 0, 0)") behind = behind.parentElement;
            return [getComputedStyle(element).color, getComputedStyle(behind).backgroundColor];
        }"""
    )
    lighter, darker = sorted((luminance(colour) for colour in colours), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@contextmanager
def a_page_of_the_bank(script: str, policy: str) -> Iterator[str]:
    """Another site, with a strict policy of its own, that carries the chat's script."""

    class Site(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Security-Policy", policy)
            self.end_headers()
            page = f"<!doctype html><html lang=zh><body><h1>某银行</h1><script src='{script}' defer></script></body>"
            self.wfile.write(page.encode())

        def log_message(self, *_: object) -> None:
            pass

    site = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    thread = threading.Thread(target=site.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{site.server_port}/"
    finally:
        site.shutdown()
        thread.join()
        site.server_close()


def test_one_line_puts_a_chat_button_on_any_page(browser_page: Page, chat_server: ChatServer) -> None:
    policy = f"default-src 'none'; script-src {chat_server.address}; frame-src {chat_server.address}"
    with a_page_of_the_bank(f"{chat_server.address}/embed.js", policy) as address:
        browser_page.goto(address)
        button = browser_page.get_by_role("button", name="投诉与建议")
        expect(button).to_have_attribute("aria-expanded", "false")
        button.focus()
        browser_page.keyboard.press("Enter")
        chat = browser_page.frame_locator("iframe[title='投诉与建议对话']")
        expect(chat.locator("#log .row.bot")).to_have_count(1)
        chat.locator("#writing").fill("从银行网页来的")
        chat.locator("#writing").press("Enter")
        expect(chat.locator("#log .row.customer:not(.waiting)")).to_have_count(1)
        browser_page.reload()  # the open state is remembered, and so is the conversation
        expect(chat.locator("#log .row.customer")).to_contain_text("从银行网页来的")
        chat.locator("#writing").press("Escape")
        expect(browser_page.locator("iframe")).to_be_hidden()
        expect(button).to_be_focused()
        chat_server.bank_says("从银行网页来的", "我在听。")
        expect(browser_page.get_by_role("img", name="有新消息")).to_be_visible()


def test_a_correction_takes_the_place_of_the_text_and_says_so(browser_page: Page, chat_server: ChatServer) -> None:
    open_chat(browser_page, chat_server)
    mine = write(browser_page, "哪天来取")
    expect(sent(browser_page, mine)).to_have_count(1)
    chat_server.bank_says(mine, "周三来取", author=Author.STAFF)
    row = browser_page.locator("#log .row.staff")
    expect(row.locator(".bubble")).to_have_text("周三来取")
    chat_server.staff_corrects(mine, "<b>周四</b>来取，急事打95580")
    expect(row.locator(".bubble")).to_have_text("<b>周四</b>来取，急事打95580")
    expect(row.locator(".bubble a")).to_have_attribute("href", "tel:95580")
    expect(row.locator(".below")).to_have_text(re.compile(r"^\d\d:\d\d · 已更正$"))
    browser_page.get_by_role("button", name="Switch to English").click()
    expect(row.locator(".below")).to_have_text(re.compile("corrected$"))
    browser_page.reload()
    expect(row.locator(".bubble")).to_have_text("<b>周四</b>来取，急事打95580")
    expect(row.locator(".below")).to_have_text(re.compile("corrected$"))


def test_the_bank_learns_what_was_before_the_customers_eyes(browser_page: Page, chat_server: ChatServer) -> None:
    open_chat(browser_page, chat_server)
    mine = write(browser_page, "卡被吞了")
    expect(sent(browser_page, mine)).to_have_count(1)
    chat_server.bank_says(mine, "我在听。" * 500)
    wait_for(lambda: chat_server.read_up_to(mine).startswith("我在听。"))
    browser_page.locator("#scroll").evaluate("scroller => { scroller.scrollTop = 0; }")
    chat_server.bank_says(mine, "还在下面", is_answer=False)
    expect(browser_page.locator("#newest")).to_be_visible()
    assert chat_server.read_up_to(mine).startswith("我在听。")
    browser_page.locator("#newest").click()
    wait_for(lambda: chat_server.read_up_to(mine) == "还在下面")


def test_the_customer_sees_that_a_person_is_typing(browser_page: Page, chat_server: ChatServer) -> None:
    open_chat(browser_page, chat_server)
    mine = write(browser_page, "卡被吞了")
    expect(sent(browser_page, mine)).to_have_count(1)
    chat_server.bank_says(mine, "请稍等")
    chat_server.staff_takes_over(mine)
    expect(browser_page.locator("#typing")).to_be_hidden()
    for _ in range(2):
        chat_server.staff_gives_sign(mine, Doing.TYPING)
        expect(browser_page.locator("#typing")).to_be_visible()
        chat_server.staff_gives_sign(mine, Doing.PAUSING)
        expect(browser_page.locator("#typing")).to_be_hidden()


def test_typing_is_told_seldom_and_without_a_word(browser_page: Page, chat_server: ChatServer) -> None:
    told: list[str | None] = []
    browser_page.on("request", lambda request: told.append(request.post_data) if "/typing" in request.url else None)
    open_chat(browser_page, chat_server)
    browser_page.locator("#writing").press_sequentially("卡被吞了急", delay=50)
    browser_page.wait_for_timeout(500)
    assert told == [None]
