"""Who works for the bank: the organisation tree, people, roles and sign-in."""
