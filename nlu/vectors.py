"""Vectors of whole texts, by which the bank finds complaints that are alike: `POST /webhooks/turns/vectors`.

An encoder's vectors all point much the same way. What complaints have in common is taken off, by the mean of a few everyday ones; so
two of different matters stand about at right angles. Texts are encoded outside of rasa's event loop, one at a time: a turn waits for one at most.
"""

import asyncio
import hashlib
from functools import cache
from typing import Any

import numpy as np

from nlu.encoder import Encoder, load_encoder
from nlu.script import simplified

ENCODER = "nlu.encoder.MultilingualE5Small"
"""The one that the pipeline has loaded already."""
TEXTS_AT_MOST = 16
LONGEST_TEXT = 4000
"""Characters; the encoder reads them all, in windows."""

EVERYDAY = (
    "存折上的利息算少了，跟当初说的不一样",
    "信用卡的年费没有说清楚就扣了",
    "借记卡突然被限制交易，也没人通知我",
    "自助机器坏了，钱存进去没有到账",
    "在窗口排队太久，工作人员态度不好",
    "手机银行总是登录不上，转账转不出去",
    "付款扣了两次，商家说没有收到",
    "房贷的利率调整没有告诉我",
    "公司的贷款审批拖了很久，要了很多材料",
    "买的理财产品亏了钱，当时说很稳妥",
    "客户经理劝我买了保险，现在退不了",
    "征信记录上有错误，一直没有更正",
    "换外汇的价格和公布的不一样",
    "我的个人信息被别人知道了，总有推销电话",
    "打客服电话没人接，问题没有解决",
    "The interest on my savings is less than I was told",
    "I was charged a fee on my credit card without notice",
    "My debit card was blocked and nobody told me why",
    "The machine took my cash and did not credit it",
    "I queued for an hour and the staff were rude",
    "I cannot log in to mobile banking",
    "The payment was taken twice",
    "You raised the rate of my loan without telling me",
    "Our company's loan application has taken months",
    "The investment product you sold me lost money",
    "I was talked into an insurance policy",
    "There is a mistake in my credit report",
    "The exchange rate was worse than the one displayed",
    "Somebody at the bank passed on my personal data",
    "Nobody answers the hotline",
)


class BadRequest(ValueError):
    """What was sent is not a list of a few texts."""


async def vectors_of(body: Any) -> "dict[str, Any]":
    """Answer a request.

    Args:
        body: `{"texts": [...]}`, 16 at most.

    Returns:
        `{"vectors": [[384 numbers of length one together], …], "made_with": "…"}`.

    Raises:
        BadRequest: The body is anything else.
    """
    texts = body.get("texts") if isinstance(body, dict) else None
    if not isinstance(texts, list) or len(texts) > TEXTS_AT_MOST or not all(isinstance(text, str) for text in texts):
        raise BadRequest(f"send a list of {TEXTS_AT_MOST} texts at most")
    encoder = load_encoder(ENCODER)
    loop = asyncio.get_running_loop()
    vectors = [await loop.run_in_executor(None, vector_of, encoder, text) for text in texts]
    return {"vectors": [vector.tolist() for vector in vectors], "made_with": made_with(encoder)}


def vector_of(encoder: Encoder, text: str) -> np.ndarray:
    """The vector of a text of any length, without what all complaints share; its length is one."""
    return _unit(_direction(encoder, text) - centre(encoder))


@cache
def centre(encoder: Encoder) -> np.ndarray:
    """What complaints have in common."""
    return np.mean([_direction(encoder, text) for text in EVERYDAY], axis=0)


def made_with(encoder: Encoder) -> str:
    """Encoder and centre by name: only vectors of the same name can be compared."""
    return f"{encoder.name}/{hashlib.sha256(''.join(EVERYDAY).encode()).hexdigest()[:8]}"


def _direction(encoder: Encoder, text: str) -> np.ndarray:
    return _unit(encoder.encode([simplified(text[:LONGEST_TEXT])])[0])


def _unit(vector: np.ndarray) -> np.ndarray:
    length = float(np.linalg.norm(vector))
    return vector / length if length > 0 else vector
