"""Tingsu 听诉: the assistant around rasa, the desk behind it, and the processes that run them."""
