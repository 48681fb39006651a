"""The API for the bank's other systems: complaints read and moved on, events fetched or sent to webhooks."""
