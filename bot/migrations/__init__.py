"""Alembic migrations: complaint schema, procrastinate's schema, and a schema of its own for rasa's tracker store."""
