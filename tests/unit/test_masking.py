"""Sensitive numbers never get past the mask, and everything that staff needs does."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.masking import mask, mask_form
from tests.personal_numbers import FULL_WIDTH, cards, digits_of, written_cards, written_mobiles

CARD = "6222021234567890128"
IDENTITY_NUMBER = "420106199003071238"
ENDS_IN_X = "42010619491231007X"
OF_A_REGION_SINCE_MERGED = "429006196508151275"

words = st.text(st.characters(categories=["Lo", "Po", "Zs"], max_codepoint=0x9FFF, exclude_characters="0123456789"))


@given(written_cards(), st.sampled_from(["我的卡", "卡号：", "", "1. ", "card ", "喂，", "我有2张，", "#"]), words)
def test_a_bank_card_never_gets_through_however_it_is_written(
    card_and_written: tuple[str, str], before: str, after: str
) -> None:
    card, written = card_and_written
    masked = mask(f"{before}{written}，{after}")
    assert card not in digits_of(masked.text)
    assert card[:12] not in digits_of(masked.text)
    assert "bank_card" in masked.kinds


@given(cards())
def test_a_masked_card_is_known_by_its_last_four_digits_only(card: str) -> None:
    assert mask(f"卡{card}被吞了").text == f"卡[卡号 尾号{card[-4:]}]被吞了"


@pytest.mark.parametrize(
    "text",
    [
        f"1. {CARD} 吞了",
        f"{CARD} 50元没出来",
        f"TS-4821-7063-8 {CARD}",
        f"{CARD},13800138000",
        "卡号6222021234567890124（有一位可能打错）",
        "6222，0212，3456，7890，128",
        "6222\n0212\n3456\n7890\n128",
        f"两张：{CARD} 和 4111111111111111",
        "my card number is 4111-1111-1111-1111.",
    ],
)
def test_other_numbers_beside_a_card_do_not_hide_it(text: str) -> None:
    masked = mask(text)
    assert masked.kinds == ("bank_card",)
    assert not re.search(r"\d{4}\D{0,3}\d{4}\D{0,3}\d{4}\D{0,3}\d{4}", masked.text)


@pytest.mark.parametrize("number", [IDENTITY_NUMBER, ENDS_IN_X, ENDS_IN_X.lower(), OF_A_REGION_SINCE_MERGED])
@pytest.mark.parametrize("written", ["身份证{}", "{}是我", "ID card {}", "身份证号码：{}。"])
def test_an_identity_number_never_gets_through(number: str, written: str) -> None:
    masked = mask(written.format(number))
    assert masked.text == written.format("[身份证号]")
    assert masked.kinds == ("identity_number",)


@pytest.mark.parametrize("separator", [" ", "-", "  ", "　", "\n"])
@pytest.mark.parametrize("alphabet", [{}, FULL_WIDTH | {ord("X"): "Ｘ"}])
def test_an_identity_number_in_groups_never_gets_through(separator: str, alphabet: dict[int, str]) -> None:
    grouped = separator.join([ENDS_IN_X[:6], ENDS_IN_X[6:14], ENDS_IN_X[14:]]).translate(alphabet)
    assert mask(f"我叫张三，{grouped}").text == "我叫张三，[身份证号]"


def test_an_identity_number_with_a_slip_is_masked_when_it_is_called_one() -> None:
    assert mask("身份证号是420106199003071239").text == "身份证号是[身份证号]"


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("密码:abc123", "密码:[密码]"),
        ("密码：Abc_123。", "密码：[密码]。"),
        ("密码六个8", "密码[密码]"),
        ("密码是6个八", "密码是[密码]"),
        ("取款密码123456", "取款密码[密码]"),
        ("密码一二三四五六", "密码[密码]"),
        ("密码我设的是生日900307", "密码我设的是生日[密码]"),
        ("123456是我的取款密码", "[密码]是我的取款密码"),
        ("登录密码是woaini", "登录密码是[密码]"),
        ("密码改成了 qwer!234，还是登不上", "密码改成了 [密码]，还是登不上"),
        ("my pin is 4821", "my pin is [密码]"),
        ("The PIN on my card was 4821.", "The PIN on my card was [密码]."),
        ("pin code 123456, they asked", "pin code [密码], they asked"),
        ("password: letmein", "password: [密码]"),
        ("Password=hunter2", "Password=[密码]"),
        ("4821 is my PIN", "[密码] is my PIN"),
    ],
)
def test_a_password_never_gets_through(text: str, masked: str) -> None:
    assert mask(text).text == masked


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("验证码338812", "验证码[验证码]"),
        ("验证码是：338812", "验证码是：[验证码]"),
        ("验证码发给他了 是 338812", "验证码发给他了 是 [验证码]"),
        ("我把验证码338812告诉他了", "我把验证码[验证码]告诉他了"),
        ("短信验证码３３８８１２", "短信验证码[验证码]"),
        ("动态码 8812", "动态码 [验证码]"),
        ("338812是银行的验证码", "[验证码]是银行的验证码"),
        ("the verification code was 338812", "the verification code was [验证码]"),
        ("OTP: 99887", "OTP: [验证码]"),
        ("I read him the one-time code 338812", "I read him the one-time code [验证码]"),
    ],
)
def test_a_one_time_code_never_gets_through(text: str, masked: str) -> None:
    assert mask(text).text == masked
    assert mask(text).kinds == ("one_time_code",)


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("CVV 123", "CVV [安全码]"),
        ("cvv2：987", "cvv2：[安全码]"),
        ("ＣＶＶ是９８７", "ＣＶＶ是[安全码]"),
        ("安全码是123", "安全码是[安全码]"),
        ("卡背面三位数是123", "卡背面三位数是[安全码]"),
        ("背面的后三位123也给他了", "背面的后三位[安全码]也给他了"),
        ("security code is 1234", "security code is [安全码]"),
        ("the three digits on the back are 123", "the three digits on the back are [安全码]"),
    ],
)
def test_a_card_verification_value_never_gets_through(text: str, masked: str) -> None:
    assert mask(text).text == masked
    assert mask(text).kinds == ("cvv",)


@pytest.mark.parametrize(
    "text",
    [
        "扣了我 1,234,567.00 元，少了5000块",
        "300、500、2000、4000、1500元",
        "我的电话13800138000，座机027-87654321",
        "打13800138000或者13900139000",
        "编号 TS-4821-7063-8",
        "TS-4821-7063-8 13800138000",
        "2026年11月23日 10:15，2026-11-23 到 2026-11-30",
        "2026-11-23 2026-11-24",
        "订单号20261123101500123456",
        "订单 202611231015001",
        "尾号1234的卡",
        "流水号 A20261123X",
        "密码输错3次就锁了",
        "密码一直不对",
        "密码被改过2000次",
        "我的密码2024年改的",
        "输入密码后转走300000",
        "密码忘了",
        "my password is wrong",
        "I forgot my password in 2024.",
        "验证码没收到，钱转走了5000元",
        "验证码没收到 95580打不通",
        "验证码 2026-11-23 还是没收到",
        "验证码半小时才到，14:30才登上",
        "My PIN was changed 3 times",
        "安全码是什么",
        "等了一二十个人，三五个窗口只开一个",
    ],
)
def test_what_staff_needs_is_left_as_it_was_written(text: str) -> None:
    assert mask(text).text == text
    assert mask(text).kinds == ()


fragments = st.lists(
    st.one_of(
        st.sampled_from(
            [
                "密码",
                "是",
                "验证码",
                "cvv",
                "卡号",
                "尾号",
                "pin",
                " is ",
                "身份证",
                "[",
                "]",
                " ",
                "，",
                "：",
                "\n",
                "-",
            ]
        ),
        st.sampled_from(["[密码]", "[验证码]", "[安全码]", "[身份证号]", "[卡号 尾号0128]"]),
        st.sampled_from([CARD, ENDS_IN_X, "338812", "123", "abc123", "六个8", "4821", "13800138000"]),
        st.text("0123456789 -abX", max_size=8),
    ),
    max_size=12,
).map("".join)


@given(st.one_of(st.text(), fragments))
def test_masking_what_is_masked_changes_nothing(text: str) -> None:
    once = mask(text)
    again = mask(once.text)
    assert again.text == once.text
    assert again.kinds == ()


without_digits = st.text(st.characters(categories=["L", "P", "Z", "S"])).filter(
    lambda text: not re.search("密码|口令|password|passcode|pwd|[零〇一幺二三四五六七八九]", text, re.IGNORECASE)
)


@given(without_digits)
def test_a_text_without_digits_is_left_alone(text: str) -> None:
    assert mask(text).text == text


def test_the_kinds_are_told_each_once() -> None:
    masked = mask(f"卡{CARD}和4111111111111111，密码123456，身份证{ENDS_IN_X}")
    assert masked.kinds == ("identity_number", "bank_card", "password")


def test_a_text_of_the_longest_length_is_masked_in_a_moment() -> None:
    """No pattern runs away on what an ill-meaning customer may send; the test's timeout is the measure."""
    for repeated in ("1 ", "6222-", "密码", "验证码是", "12,", "pin is ", "138-", "86 "):
        mask((repeated * 20_000)[:20_000])
        mask_form((repeated * 20_000)[:20_000])


@given(written_mobiles(), st.sampled_from(["", "回电：", "请打", "手机号", "电话（", "TS-4821-7063-8 "]), words)
def test_a_mobile_number_never_gets_into_a_form(mobile_and_written: tuple[str, str], before: str, after: str) -> None:
    mobile, written = mobile_and_written
    masked = mask_form(f"{before}{written}，{after}")
    assert mobile not in digits_of(masked)
    assert f"尾号{mobile[-4:]}]" in masked  # with 86 before it, one in ten passes for a card


@pytest.mark.parametrize(
    "text",
    [
        "请拨95580，或司门口支行 027-82345678、(027)8765 4321、400-889-5580",
        "0719-8661234",
        "编号 TS-1381-7063-8，订单号20261123101500123456，流水138001380001",
        "扣了13,800,138.00元，1380 013 800 次",
        "13:30到15:00，2026-11-23 到 2026-11-30",
    ],
)
def test_the_banks_telephone_numbers_amounts_and_dates_stay_in_a_form(text: str) -> None:
    assert mask_form(text) == text


def test_a_form_is_masked_like_a_message_besides() -> None:
    assert mask_form(f"卡{CARD}，身份证{ENDS_IN_X}，密码123456") == "卡[卡号 尾号0128]，身份证[身份证号]，密码[密码]"


@given(st.one_of(st.text(), fragments))
def test_masking_a_masked_form_changes_nothing(text: str) -> None:
    assert mask_form(mask_form(text)) == mask_form(text)
