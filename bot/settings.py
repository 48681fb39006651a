"""Every setting of Tingsu in one typed place, read from the environment (`TINGSU_…`) and from a `.env` file.

The README's table of settings is written from the descriptions here; a test compares the two.
"""

import hashlib
import secrets
from functools import cache
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, HttpUrl, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

ROOT = Path(__file__).resolve().parent.parent
"""The checkout: where `data/`, `domain.yml` and the two environments are."""


class Settings(BaseSettings):
    """What the people who run Tingsu may change."""

    model_config = SettingsConfigDict(env_prefix="TINGSU_", env_file=".env", extra="ignore", env_ignore_empty=True)

    database_url: str | None = Field(
        default=None,
        validation_alias="DATABASE_URL",
        description="PostgreSQL to use, `postgresql://user:password@host/name`; without it one is embedded",
    )
    var_dir: Path = Field(default=ROOT / "var", description="Folder for the embedded database, models, caches, secrets")
    gateway_host: str = Field(default="127.0.0.1", description="Address the gateway listens on")
    gateway_port: int = Field(default=8000, ge=1, le=65535, description="Port of the gateway (chat page, chat API)")
    desk_host: str = Field(default="127.0.0.1", description="Address the desk listens on")
    desk_port: int = Field(default=8080, ge=1, le=65535, description="Port of the desk")
    rasa_url: HttpUrl | None = Field(
        default=None, description="A rasa server that runs elsewhere; without it `tingsu up` starts one on a free port"
    )
    actions_url: HttpUrl | None = Field(
        default=None,
        description="An action server that runs elsewhere; without it `tingsu up` starts one on a free port",
    )
    secret_key: SecretStr | None = Field(
        default=None, description="Signs tokens and cookies; without it one is made and kept in the data folder"
    )
    quiet_window_seconds: float = Field(
        default=1.2,
        ge=0,
        le=30,
        description="Silence to wait for before answering, so that a burst of messages is one turn",
    )
    longest_wait_seconds: float = Field(
        default=6,
        ge=0,
        le=60,
        description="A customer who goes on writing is answered after this many seconds all the same",
    )
    rasa_timeout_seconds: float = Field(default=10, gt=0, description="How long one answer of rasa may take")
    rasa_patience_seconds: float = Field(
        default=5, ge=0, description="After this many seconds without rasa the customer hears that the message is safe"
    )
    answer_within_seconds: float = Field(
        default=300,
        gt=0,
        description="A customer whom the person at the desk leaves without an answer for so long is back in the queue",
    )
    undo_seconds: float = Field(
        default=5, ge=0, le=60, description="How long a reply from the desk can be undone before it goes out; 0: not"
    )
    assign_automatically: bool = Field(
        default=True, description="Give new cases to people by unit, role, presence and load, without anybody's hand"
    )
    telegram_token: SecretStr | None = Field(
        default=None, description="Token of the Telegram bot; without it no Telegram"
    )
    telegram_api_base: str = Field(
        default="https://api.telegram.org", description="Address of the Telegram Bot API (a local server is possible)"
    )
    telegram_webhook_url: HttpUrl | None = Field(
        default=None, description="Public address of the gateway; with it Telegram calls us, without it we poll"
    )
    embed_origins: str = Field(
        default="*", description="Who may embed the chat page: `frame-ancestors` sources, separated by spaces"
    )
    upload_limit_mib: int = Field(
        default=10, ge=1, le=50, description="Largest photo or document a customer may send, MiB"
    )
    messages_per_minute: int = Field(
        default=60, ge=1, description="Messages that one web chat session may send in a minute"
    )
    sessions_per_minute: int = Field(
        default=120,
        ge=1,
        description="New web chat sessions a minute from one address (a branch's network is one address)",
    )
    follow_up_after_hours: float = Field(
        default=24, ge=0, description="Hours from the result to the question how satisfied the customer is"
    )
    survey_reminder_after_hours: float = Field(
        default=48, ge=0, description="Hours from that question to its one reminder, if the customer has not answered"
    )
    alarm_next_after_seconds: float = Field(
        default=120, ge=1, description="Seconds until the next in line is called to an urgent customer who still waits"
    )
    alarm_repeat_after_seconds: float = Field(
        default=300, ge=1, description="Seconds until the last in line are called once more"
    )
    alarm_repeats: int = Field(default=6, ge=0, description="How often the last in line are called once more")
    alarm_telegram_chat: str | None = Field(
        default=None,
        pattern=r"^(-?\d+|@\w+)$",
        description="Telegram group of staff (its number or @name) that hears of every call to an urgent customer",
    )
    smtp_host: str | None = Field(default=None, description="Mail server for calls to staff; without it no e-mail")
    smtp_port: int = Field(default=587, ge=1, le=65535, description="Port of the mail server")
    smtp_security: Literal["starttls", "tls", "none"] = Field(
        default="starttls",
        description="How the way to the mail server is encrypted: `starttls`, `tls` from the start, or `none`",
    )
    smtp_user: str | None = Field(default=None, description="Name to sign in with at the mail server")
    smtp_password: SecretStr | None = Field(default=None, description="Password at the mail server")
    smtp_from: str | None = Field(default=None, description="Address that mails to staff come from")
    smtp_timeout_seconds: float = Field(default=15, gt=0, description="How long sending one mail may take")
    secure_cookies: bool = Field(
        default=False, description="Send the desk's cookie over HTTPS only (set it in production)"
    )
    second_factor: Literal["required", "optional", "off"] | None = Field(
        default=None,
        description=(
            "Codes of an authenticator app at the desk: `required`, `optional` (whoever sets it up) or `off`; "
            "without it `optional` while `tingsu up` runs on its own database, else `required`"
        ),
    )
    local_sign_in: bool = Field(
        default=True, description="Whether people may sign in at the desk with a password of Tingsu's own"
    )
    desk_address: HttpUrl | None = Field(
        default=None,
        description="Address of the desk in people's browsers: sign-on and alarms lead to it",
    )
    oidc_issuer: HttpUrl | None = Field(
        default=None, description="Issuer of the bank's single sign-on (OpenID Connect); without it there is none"
    )
    oidc_client_id: str = Field(default="tingsu", description="What the single sign-on calls the desk")
    oidc_client_secret: SecretStr | None = Field(
        default=None, description="The desk's secret at the single sign-on; a public client has none"
    )
    oidc_username_claim: str = Field(
        default="preferred_username", description="Claim with the username, which people must not be able to choose"
    )
    oidc_groups_claim: str = Field(default="groups", description="Claim with the groups of a person")
    oidc_unit_claim: str = Field(default="unit", description="Claim with the code of a person's unit, for new people")
    oidc_roles: dict[str, str] = Field(
        default={},
        description="Role of each group, as JSON; the first that fits counts. Without it roles are kept here",
    )
    oidc_create: bool = Field(
        default=False, description="Add people whom the single sign-on knows and the desk does not"
    )
    api_requests_per_minute: int = Field(
        default=600, ge=1, description="Requests that one token of the API may make in a minute"
    )
    webhook_hosts: str | None = Field(
        default=None,
        description="Hosts that webhooks may lead to, `host` or `host:port`, separated by spaces; none without it",
    )
    worker_concurrency: int = Field(default=10, ge=1, description="Jobs one worker process runs side by side")
    log_level: str = Field(default="INFO", description="DEBUG, INFO, WARNING or ERROR")

    @model_validator(mode="after")
    def _has_a_way_in(self) -> Self:
        if self.oidc_issuer is None:
            if not self.local_sign_in:
                raise ValueError("nobody could sign in: set TINGSU_OIDC_ISSUER, or leave TINGSU_LOCAL_SIGN_IN on")
            return self
        if self.desk_address is None:
            raise ValueError("single sign-on must know where to come back to: set TINGSU_DESK_ADDRESS")
        if self.oidc_issuer.scheme != "https" and self.oidc_issuer.host not in {"127.0.0.1", "localhost"}:
            raise ValueError("TINGSU_OIDC_ISSUER must be an https address")
        return self

    @model_validator(mode="after")
    def _mail_can_be_sent(self) -> Self:
        if self.smtp_host is not None and self.smtp_from is None:
            raise ValueError("smtp_from is missing: say which address mails come from")
        if self.smtp_password is not None and self.smtp_security == "none":
            raise ValueError("smtp_security is none: the password would travel in the clear")
        return self

    @property
    def desk_home(self) -> str:
        """Where staff reaches the desk."""
        return str(self.desk_address or f"http://{self.desk_host}:{self.desk_port}").rstrip("/")

    @property
    def secret(self) -> str:
        """The signing key: given, or made once and kept in the data folder, readable by its owner only."""
        if self.secret_key is not None:
            return self.secret_key.get_secret_value()
        path = self.var_dir / "secret_key"
        if not path.exists():
            self.var_dir.mkdir(parents=True, exist_ok=True)
            draft = path.with_suffix(f".{secrets.token_hex(4)}")
            draft.touch(mode=0o600)
            draft.write_text(secrets.token_urlsafe(48))
            try:
                path.hardlink_to(draft)
            except FileExistsError:
                pass  # another process was first: its key counts
            finally:
                draft.unlink()
        return path.read_text()

    def derived_secret(self, purpose: str) -> str:
        """A key for one purpose (rasa's token, Telegram's webhook secret), so that none opens another door."""
        return hashlib.sha256(f"{purpose}:{self.secret}".encode()).hexdigest()

    @property
    def model_path(self) -> Path:
        """Where the trained rasa model is."""
        return self.var_dir / "models" / "tingsu.tar.gz"


@cache
def settings() -> Settings:
    """The settings of this process, read once."""
    return Settings()
