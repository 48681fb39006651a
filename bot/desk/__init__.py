"""The staff's pages: sign-in, the queue, one conversation with its complaints beside it, live."""
