"""Facts a customer states: amounts, dates, outlets, telephone and case numbers, ratings. Plain functions; no rasa here."""
