"""What rasa calls: the five LEARN steps, one file each, thin over `bot.complaints` and `bot.conversations`.

rasa decides which action is next; the actions decide nothing that the bank's rules decide.
"""
