"""`make screenshots`: a bank with people, customers and cases at a set hour, and a picture of every page of it."""
