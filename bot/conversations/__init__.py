"""Messages in and out, turns, masking, and the hand-over between bot and staff."""
