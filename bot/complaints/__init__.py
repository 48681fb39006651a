"""What the bank knows about complaints: labels, the funnel, LEARN, deadlines, cases.

The room speaks the bank's language only and imports no other room. Everything in it but the case work (models and use
cases) is pure: the time, randomness and policies come in as arguments.
"""
