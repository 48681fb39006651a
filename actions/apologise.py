"""Apologise 道歉: after the customer has finished, say sorry for the specific trouble.

Sorry for what the customer went through; never a word on who is to blame, nothing admitted, nothing promised.
"""

from rasa_sdk.executor import CollectingDispatcher

from actions.draft import ComplaintDraft
from actions.empathise import trouble_of


def apologise(dispatcher: CollectingDispatcher, draft: ComplaintDraft) -> str:
    """Say sorry for the trouble.

    Returns:
        The name of the wording, for the LEARN record.
    """
    name = f"utter_apologise_{trouble_of(draft)}"
    dispatcher.utter_message(response=name)
    return name
