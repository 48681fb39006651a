"""What a reply is held for before it is sent, and the near misses that it is not held for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import luhn

from bot.complaints.replies import CannedReply, Placeholder, filled, reply_policy
from bot.desk.caution import Caution, Cautioned, cautions_in

PROMISES = [
    "我们赔您500元",
    "我们会赔您3000元。",
    "这笔钱我们全额退款",
    "您放心，钱会全额退给您。",
    "我们会给您赔偿的",
    "明天就退给您两千块",
    "3000元今天打给您",
    "把3,000元退还给您",
    "手续费我们会免除",
    "我保证钱能追回来",
    "我们保证不出一周就解决",
    "保证一分不少地退给您",
    "补偿您１００元话费",
    "给您双倍赔偿",
    "您反映的事我看了，我们赔您800元。",
    "如果核实是这样，我们会赔您800元",
    "没问题，全额退款",
    "如果属实我们赔您800元",
    "损失我们包赔",
    "We will refund you if it is confirmed",
    "We will refund you $300.",
    "we'll refund you in full",
    "We’ll pay you 500 yuan",
    "I'm going to credit 200 RMB to your account",
    "You'll get a full refund",
    "You will be fully reimbursed.",
    "You will be compensated for this",
    "We guarantee that it's solved by Friday",
    "I guarantee it",
    "Your money is guaranteed",
    "You have my guarantee",
    "If it's confirmed, we will compensate you",
    "We can give you your money back",
    "We will waive the fee",
    "No worries, we'll refund you $20",
]

NEAR_MISSES = [
    "退款政策请看手机银行里的说明",
    "您提到的3000元，我先查一查",
    "您希望我们退3000元，我记下了",
    "您说要赔偿500元",
    "您问能不能全额退款，我去问清楚",
    "我们不能保证一定退款",
    "目前无法答应赔偿",
    "我们会核实是否需要退款",
    "我们会查清退款的进度",
    "我们会帮您申请退款",
    "我会把您赔偿的要求写进去",
    "涉及金额3000元，时间是3月4日",
    "您存入3000元，账上少了200元",
    "保证金是5000元",
    "担保人需要到场",
    "这款产品不保证收益",
    "您写的“赔我3000元”我看到了",
    "贷款3000元，分12期还",
    "您的退款申请收到了",
    "请您保证手机畅通",
    "手续费是2元一笔",
    "对方答应全额退款，是吗",
    "是否赔偿，要等查清楚",
    "您3月4日支付3000元，没有到账",
    "您打给商户的3000元我查到了",
    "如果需要退款，请带上身份证",
    "工资已经全部到账",
    "账单里包含3000元收益",
    "今天就给您打电话",
    "我们会给您一个答复",
    "",
    "The refund policy is in the app",
    "You mentioned $300, and I'm checking that",
    "You asked us to refund you $300",
    "You said we will refund you $300",
    "We cannot guarantee a refund",
    "We can't promise to refund you",
    "I'll find out whether we will refund you",
    "I will pass on your refund request",
    "We will check the refund",
    "We'll look into the refund of $300",
    "The loan has a guarantee on it",
    "The guarantor has to sign",
    "I will call you on Friday",
    "You will receive a letter within 3 days",
    'You wrote "we will refund you"',
    "The fee is 20 yuan",
    "We'll give you an answer about the refund by Friday",
    "I'll check if we will refund you",
    "I can have a look at the fees",
    "You can get the refund form at the branch",
]


def kinds(text: str, agreed: tuple[str, ...] = ()) -> set[Cautioned]:
    return {caution.kind for caution in cautions_in(text, agreed=agreed)}


@pytest.mark.parametrize("text", PROMISES)
def test_a_promise_of_money_is_found(text: str) -> None:
    assert kinds(text) == {Cautioned.PROMISE}


@pytest.mark.parametrize("text", NEAR_MISSES)
def test_what_only_sounds_like_a_promise_is_left_alone(text: str) -> None:
    assert cautions_in(text) == ()


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("您的卡号是6222 0212 3456 7890 128", Cautioned.BANK_CARD),
        ("身份证号420106199003072316", Cautioned.IDENTITY_NUMBER),
        ("验证码是 482913", Cautioned.ONE_TIME_CODE),
        ("Your verification code is 482913", Cautioned.ONE_TIME_CODE),
        ("临时密码是 abc12345", Cautioned.PASSWORD),
        ("安全码 123", Cautioned.CVV),
    ],
)
def test_sensitive_numbers_are_found_and_not_repeated(text: str, kind: Cautioned) -> None:
    assert cautions_in(text) == (Caution(kind),)


@pytest.mark.parametrize(
    "text", ["编号TS-2026-0312-5", "拨95580", "最晚12月8日（周二）", "尾号1234的卡", "Call 95580 by 8 December"]
)
def test_other_numbers_are_left_alone(text: str) -> None:
    assert cautions_in(text) == ()


@pytest.mark.parametrize(
    "text",
    ["我们赔您3000元", "会退还您3,000.00元", "赔您0.3万元", "We'll pay you 3000 yuan", "we will refund you ¥3,000"],
)
def test_an_agreed_plans_own_amount_may_be_said(text: str) -> None:
    assert kinds(text) == {Cautioned.PROMISE}
    assert kinds(text, ("手续费退还，共3000元，12月8日前到账。",)) == set()
    assert kinds(text, ("共300元",)) == {Cautioned.PROMISE}


def test_an_agreed_plans_own_words_may_be_said_and_more_may_not() -> None:
    plan = ("全额退款，12月8日前到账",)
    assert kinds("全额退款，您放心", plan) == set()
    assert kinds("全额退款，另外赔您200元", plan) == {Cautioned.PROMISE}


def test_the_promise_is_shown_as_it_is_written() -> None:
    found = cautions_in("您好，事情查清了，我们赔您500元。卡号6222021234567890128")
    assert found == (Caution(Cautioned.BANK_CARD), Caution(Cautioned.PROMISE, "我们赔您500元"))


@pytest.mark.parametrize("reply", reply_policy().replies, ids=lambda reply: reply.name)
def test_the_houses_replies_promise_nothing(reply: CannedReply) -> None:
    facts = {place: place.zh for place in Placeholder} | {Placeholder.AMOUNT: "3000元"}
    for text in (reply.text.zh, reply.text.en):
        assert cautions_in(filled(text, facts, "zh")) == ()


@given(st.text())
def test_any_text_is_read(text: str) -> None:
    for caution in cautions_in(text):
        assert caution.kind in set(Cautioned)


@given(
    st.text(alphabet="您好的我在看，。 ok", max_size=30),
    st.sampled_from(PROMISES),
    st.text(alphabet="再见。 ok", max_size=30),
)
def test_a_promise_is_found_between_other_sentences(before: str, promise: str, after: str) -> None:
    assert Cautioned.PROMISE in kinds(f"{before}。{promise}。{after}")


@given(st.text(alphabet="0123456789", min_size=11, max_size=13), st.sampled_from(["", " ", "-"]))
def test_a_card_number_is_found_however_it_is_grouped(digits: str, between: str) -> None:
    body = "622" + digits
    number = body + luhn.calc_check_digit(body)
    grouped = between.join(number[place : place + 4] for place in range(0, len(number), 4))
    assert Cautioned.BANK_CARD in kinds(f"请看 {grouped} 这张卡")
