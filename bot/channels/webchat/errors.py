"""What the web chat's API answers when it cannot do what was asked: a code for programs, a sentence for people."""


class ChatError(Exception):
    """A request that cannot be done.

    Args:
        status: the HTTP status.
        code: a stable word that a program can act on.
        message: what happened and what to do, without anything that the customer wrote.
        retry_after: seconds after which the same request may work.
    """

    def __init__(self, status: int, code: str, message: str, *, retry_after: int | None = None) -> None:
        super().__init__(f"{status} {code}")
        self.status = status
        self.code = code
        self.message = message
        self.retry_after = retry_after
