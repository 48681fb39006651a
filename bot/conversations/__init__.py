"""Messages in and out, turns, and the hand-over between bot and staff."""
