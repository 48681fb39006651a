"""Feature rows: what the featurizers left on messages, as one matrix for the classifiers."""

from __future__ import annotations

from typing import Sequence

import numpy as np
import scipy.sparse
from rasa.shared.nlu.constants import FEATURE_TYPE_SENTENCE, TEXT
from rasa.shared.nlu.training_data.message import Message


def rows_of(messages: Sequence[Message]) -> scipy.sparse.csr_matrix:
    """Put the sentence features of messages side by side.

    Args:
        messages: Messages that went through the same featurizers.

    Returns:
        One row a message.
    """
    by_origin: dict[str, list[scipy.sparse.spmatrix]] = {}
    for message in messages:
        for features in message.features:
            if features.attribute == TEXT and features.type == FEATURE_TYPE_SENTENCE:
                by_origin.setdefault(features.origin, []).append(features.features)
    blocks = [
        scipy.sparse.vstack(rows) if scipy.sparse.issparse(rows[0]) else np.vstack(rows)
        for _, rows in sorted(by_origin.items())
    ]
    return scipy.sparse.hstack(blocks).tocsr()
