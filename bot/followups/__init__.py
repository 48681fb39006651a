"""What the bank tells and asks later: the result of a complaint, and how satisfied the customer is."""
