"""The ways customers reach the bank: thin adapters of the protocol in `bot.conversations.channel`, one folder each."""
