"""A small mail server for tests: real SMTP with STARTTLS and sign-in, that misbehaves on demand."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from ipaddress import ip_address
from pathlib import Path

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

USER, PASSWORD = "tingsu", "江水东流"
HOST = "127.0.0.1"


@dataclass
class MailServer:
    """The state of the small mail server.

    Attributes:
        received: the mails that it took, oldest first; `were_encrypted`: whether each came over TLS.
        replies_to_recipient: what it answers to an address, instead of taking it.
        reply_to_mail: what it answers to a mail, instead of taking it.
        seconds: how long it takes to say that it took a mail.
    """

    port: int = 0
    certificate: Path = Path()
    received: list[EmailMessage] = field(default_factory=list)
    were_encrypted: list[bool] = field(default_factory=list)
    replies_to_recipient: dict[str, str] = field(default_factory=dict)
    reply_to_mail: str | None = None
    seconds: float = 0.0

    async def handle_RCPT(self, _: SMTP, __: Session, envelope: Envelope, address: str, ___: list[str]) -> str:
        """Take an address, or not."""
        if address in self.replies_to_recipient:
            return self.replies_to_recipient[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _: SMTP, session: Session, envelope: Envelope) -> str:
        """Take a mail, or not."""
        if self.reply_to_mail is not None:
            return self.reply_to_mail
        assert isinstance(envelope.content, bytes)
        self.received.append(message_from_bytes(envelope.content, EmailMessage, policy=policy.default))
        self.were_encrypted.append(session.ssl is not None)
        await asyncio.sleep(self.seconds)
        return "250 OK"


@asynccontextmanager
async def mail_server(folder: Path) -> AsyncIterator[MailServer]:
    """The small mail server on a free port of this machine; it wants TLS, and then name and password."""
    server = MailServer(certificate=folder / "certificate.pem")
    key = folder / "key.pem"
    _make_certificate(server.certificate, key)
    encryption = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    encryption.load_cert_chain(server.certificate, key)

    def speak() -> SMTP:
        return SMTP(
            server,
            tls_context=encryption,
            require_starttls=True,
            auth_required=True,
            authenticator=_knows,
            loop=asyncio.get_running_loop(),
        )

    listener = await asyncio.get_running_loop().create_server(speak, HOST, 0)
    server.port = listener.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listener.close()
        await listener.wait_closed()


def _knows(_: SMTP, __: Session, ___: Envelope, ____: str, credentials: object) -> AuthResult:
    is_right = isinstance(credentials, LoginPassword) and credentials == LoginPassword(USER.encode(), PASSWORD.encode())
    return AuthResult(success=is_right, handled=False)


def _make_certificate(certificate: Path, key: Path) -> None:
    private_key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "the tests' mail server")])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private_key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(HOST))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(private_key, hashes.SHA256())
    )
    certificate.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    key.write_bytes(
        private_key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
