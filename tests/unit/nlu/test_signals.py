"""Signals: what counts as said, and what does not."""

from pathlib import Path

import pytest

from nlu.signals import SIGNAL_NAMES, Lexicon

LEXICON = Lexicon(Path("data/nlu/lexicon/signals.yml").read_text("utf-8"))


def signals_of(text: str) -> set[str]:
    return {signal.name for signal in LEXICON.find(text)}


@pytest.mark.parametrize(
    ("text", "signal"),
    [
        ("我不想活了，钱全没了", "self_harm"),
        ("活着真没意思", "self_harm"),
        ("I can't go on living like this, I want to die", "self_harm"),
        ("今天不解决我就拿刀去你们网点", "violence"),
        ("if you don't pay me I will burn down your branch", "violence"),
        ("刚刚十分钟前我卡里被转走两万", "money_leaving_now"),
        ("Someone is using my card right now, please block it", "money_leaving_now"),
        ("我的卡被盗刷了三千", "fraud_or_theft"),
        ("这笔钱不是我本人操作的，不是我取的", "fraud_or_theft"),
        ("There are unauthorised charges on my statement", "fraud_or_theft"),
        ("电视台的记者已经来采访了", "press_exposure"),
        ("the video has gone viral", "press_exposure"),
        ("再不解决我就找记者曝光你们", "press_threat"),
        ("I will go to the press about this", "press_threat"),
        ("我们二十几户都站在支行门口", "group"),
        ("Nine of us are sitting in your lobby", "group"),
        ("我已经投诉到银保监会了", "regulator_involved"),
        ("12345的工单已经转给你们", "regulator_involved"),
        ("I have filed a complaint with the ombudsman", "regulator_involved"),
        ("再不处理我就打12378", "regulator_threat"),
        ("If you do nothing I'll write to the regulator", "regulator_threat"),
        ("法院的传票都寄到了", "legal_action_involved"),
        ("我要起诉你们", "legal_action_threat"),
        ("see you in court", "legal_action_threat"),
        ("已经报警了，派出所给了回执", "police_involved"),
        ("I filed a police report yesterday", "police_involved"),
        ("这是我第三次打电话反映了", "repeat_contact"),
        ("I have called you four times about this", "repeat_contact"),
        ("说好三个工作日回复，现在第十天了还没消息", "deadline_missed"),
        ("You promised a reply within five days and nobody has called", "deadline_missed"),
        ("你们这个答复我不接受", "answer_rejected"),
        ("I do not accept this decision", "answer_rejected"),
        ("我妈今年七十八岁了", "vulnerable_person"),
        ("My father is 84 and confused by it", "vulnerable_person"),
        ("医院等着交手术费，钱取不出来", "medical_need"),
        ("客户经理忽悠我妈买了保险", "staff_misconduct"),
        ("我的卡被冻结了", "account_frozen"),
        ("my account has been frozen for a week", "account_frozen"),
        ("三十一万养老钱没了", "large_amount"),
        ("$12,000 is gone", "large_amount"),
        ("你们把我的个人信息泄露给贷款公司了", "data_leak"),
        ("我要转人工", "asks_for_human"),
        ("I want to speak to a human", "asks_for_human"),
    ],
)
def test_words_that_show_a_signal_raise_it(text: str, signal: str) -> None:
    assert signal in signals_of(text)


@pytest.mark.parametrize(
    ("text", "signal"),
    [
        ("没有被盗刷，就是问问", "fraud_or_theft"),
        ("我的卡没被盗刷", "fraud_or_theft"),
        ("my card was not stolen", "fraud_or_theft"),
        ("卡会不会被盗刷", "fraud_or_theft"),
        ("怎么防止被骗", "fraud_or_theft"),
        ("我不想投诉到监管", "regulator_threat"),
        ("我不想投诉到银保监会", "regulator_involved"),
        ("再不处理我就投诉到银保监会", "regulator_involved"),
        ("I will complain to the ombudsman", "regulator_involved"),
        ("我要报警", "police_involved"),
        ("客服让我去报警", "police_involved"),
        ("再不退钱我就报警", "police_involved"),
        ("they told me to file a police report", "police_involved"),
        ("我没找记者", "press_threat"),
        ("我要起诉你们", "legal_action_involved"),
        ("我不想打官司", "legal_action_threat"),
        ("我的卡没有冻结", "account_frozen"),
        ("去年我的卡被盗刷过", "money_leaving_now"),
        ("气死我了", "self_harm"),
        ("笑死我了", "violence"),
        ("我们三个人一起去的", "group"),
        ("工龄四十年", "vulnerable_person"),
        ("扣了我五百块", "large_amount"),
        ("不用转人工，你说就行", "asks_for_human"),
    ],
)
def test_what_is_denied_asked_advised_or_only_planned_raises_nothing(text: str, signal: str) -> None:
    assert signal not in signals_of(text)


def test_a_signal_shows_the_customers_own_words_also_in_traditional_characters() -> None:
    text = "您好！我的卡被盜刷了"
    signal = next(signal for signal in LEXICON.find(text) if signal.name == "fraud_or_theft")
    assert text[signal.start : signal.end] == "被盜"


def test_an_empty_message_has_no_signals() -> None:
    assert LEXICON.find("") == []


def test_the_lexicon_has_rules_for_every_signal() -> None:
    assert {rule.name for rule in LEXICON._rules} == set(SIGNAL_NAMES)


def test_a_rule_that_names_an_unknown_group_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="<nobody>"):
        Lexicon("groups: {}\nsignals: {group: {rules: ['<nobody> … 横幅']}}")
