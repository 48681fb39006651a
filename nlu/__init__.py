"""Understanding: the components of rasa's graph. Knows rasa, nothing of `bot/`; see data/README.md for what it learns from."""
