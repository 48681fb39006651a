"""After a result: is it accepted, how was it, and a bad rating opens the case again, one tier higher."""

from tests.journeys.conftest import CASE_NUMBER, FOLLOW_UP_AFTER_SECONDS
from tests.stack import ANSWERED_WITHIN_SECONDS, Customer, Stack, texts_of

STORY = "我的卡昨天在徐东大街支行的取款机里被吞了，机器没有反应"
RESULT = "卡已经取出来了，您带身份证到徐东大街支行就能领。"


def a_complaint_that_is_settled(bank: Stack) -> tuple[Customer, str, int]:
    """Told, settled, and the customer has read the result; with the result's message."""
    customer = bank.customer()
    found = CASE_NUMBER.search(customer.tells(STORY))
    assert found is not None
    number, last = found.group(), customer.messages()[-1]["id"]
    bank.settle(number, RESULT)
    heard = customer.hears(int(last))
    assert RESULT in texts_of(heard)
    assert heard[-1]["buttons"] == ["接受", "不接受"]
    return customer, number, int(heard[-1]["id"])


def test_a_bad_rating_some_time_after_the_result_opens_the_case_again_one_tier_higher(neighbour: Stack) -> None:
    customer, number, _ = a_complaint_that_is_settled(neighbour)
    before = neighbour.complaint(number)["tier"]
    accepted = customer.says("接受")
    assert neighbour.complaint(number)["result_accepted"] is True
    asked = customer.hears(int(accepted[-1]["id"]), FOLLOW_UP_AFTER_SECONDS + ANSWERED_WITHIN_SECONDS)
    assert asked[-1]["buttons"] == ["1", "2", "3", "4", "5"]
    answer = texts_of(customer.says("2分，太慢"))
    assert number in answer
    complaint = neighbour.complaint(number)
    assert complaint["rating"] == 2
    assert complaint["state"] == "reopened"
    assert before == "ordinary"
    assert complaint["tier"] == "complex"
    assert [reason["code"] for reason in complaint["tier_decisions"][-1]["reasons"]] == ["low_rating"]
    assert neighbour.has("SELECT FROM conversations WHERE id = %s AND holder = 'queue'", complaint["conversation_id"])


def test_a_result_that_is_not_accepted_opens_the_case_again_one_tier_higher(neighbour: Stack) -> None:
    customer, number, _ = a_complaint_that_is_settled(neighbour)
    assert number in texts_of(customer.says("不接受"))
    complaint = neighbour.complaint(number)
    assert (complaint["result_accepted"], complaint["state"], complaint["tier"]) == (False, "reopened", "complex")
    assert [reason["code"] for reason in complaint["tier_decisions"][-1]["reasons"]] == ["result_rejected"]
