"""Alarms that reach people: who is called when a customer must not wait, one after the other, and by which ways."""
