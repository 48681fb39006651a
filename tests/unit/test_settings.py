"""Settings: described, documented with their defaults, checked, and safe."""

import re
import stat
from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from bot.settings import ROOT, Settings


def variable(name: str) -> str:
    """The environment variable of a setting."""
    return str(Settings.model_fields[name].validation_alias or f"TINGSU_{name.upper()}")


def readme_default(name: str) -> str:
    """A setting's default as the README writes it."""
    default = Settings.model_fields[name].default
    if default is None:
        return "–"
    if isinstance(default, bool):
        return f"`{str(default).lower()}`"
    if isinstance(default, Path):
        return f"`{default.relative_to(ROOT)}`"
    return f"`{default}`"


def rows_of_readme() -> dict[str, tuple[str, str]]:
    """Default and description by variable, from the README's table."""
    rows = re.findall(
        r"^\| `((?:TINGSU_|DATABASE_)\w+)` \| (.+?) \| (.+?) \|$", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE
    )
    return {name: (default, meaning) for name, default, meaning in rows}


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_is_described(name: str) -> None:
    assert Settings.model_fields[name].description, f"say in bot/settings.py what {variable(name)} is for"


@pytest.mark.parametrize("name", Settings.model_fields)
def test_the_readme_names_every_setting_with_its_default_and_description(name: str) -> None:
    rows = rows_of_readme()
    line = f"| `{variable(name)}` | {readme_default(name)} | {Settings.model_fields[name].description} |"
    assert variable(name) in rows, f"the README's table of settings lacks the line\n{line}"
    assert rows[variable(name)] == (readme_default(name), Settings.model_fields[name].description), (
        f"the README's table of settings has another line than\n{line}"
    )


def test_the_readme_names_no_setting_that_is_gone() -> None:
    assert set(rows_of_readme()) - {variable(name) for name in Settings.model_fields} == set()


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://bank@db/tingsu")
    monkeypatch.setenv("TINGSU_GATEWAY_PORT", "9000")
    config = Settings(_env_file=None)
    assert config.database_url == "postgresql://bank@db/tingsu"
    assert config.gateway_port == 9000


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TINGSU_GATEWAY_PORT", "0"),
        ("TINGSU_GATEWAY_PORT", "eighty"),
        ("TINGSU_QUIET_WINDOW_SECONDS", "-1"),
        ("TINGSU_RASA_URL", "not an address"),
        ("TINGSU_UPLOAD_LIMIT_MIB", "500"),
        ("TINGSU_WORKER_CONCURRENCY", "0"),
        ("TINGSU_ALARM_NEXT_AFTER_SECONDS", "0"),
        ("TINGSU_ALARM_TELEGRAM_CHAT", "the staff's group"),
        ("TINGSU_SMTP_SECURITY", "perhaps"),
    ],
)
def test_a_setting_that_cannot_be_is_refused_at_start(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ValidationError, match=name.removeprefix("TINGSU_").lower()):
        Settings(_env_file=None)


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        ({"SMTP_HOST": "mail.bank.example"}, "smtp_from is missing"),
        (
            {
                "SMTP_HOST": "mail.bank.example",
                "SMTP_FROM": "tingsu@bank.example",
                "SMTP_PASSWORD": "word",
                "SMTP_SECURITY": "none",
            },
            "in the clear",
        ),
    ],
)
def test_a_mail_server_that_could_not_or_must_not_be_used_is_refused_at_start(
    given: dict[str, str], fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in given.items():
        monkeypatch.setenv(f"TINGSU_{name}", value)
    with pytest.raises(ValidationError, match=fault):
        Settings(_env_file=None)


def test_links_lead_to_the_desk_as_staff_reaches_it(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Settings(_env_file=None).desk_home == "http://127.0.0.1:8080"
    monkeypatch.setenv("TINGSU_DESK_ADDRESS", "https://desk.bank.example/")
    assert Settings(_env_file=None).desk_home == "https://desk.bank.example"


def test_the_signing_key_is_made_once_and_read_by_its_owner_only(tmp_path: Path) -> None:
    first, second = Settings(var_dir=tmp_path / "var"), Settings(var_dir=tmp_path / "var")
    assert first.secret == second.secret
    assert len(first.secret) >= 43
    assert stat.S_IMODE((tmp_path / "var" / "secret_key").stat().st_mode) == 0o600
    assert [path.name for path in (tmp_path / "var").iterdir()] == ["secret_key"]


def test_a_given_signing_key_is_used_and_not_written_down(tmp_path: Path) -> None:
    config = Settings(var_dir=tmp_path, secret_key=SecretStr("the bank's own"))
    assert config.secret == "the bank's own"
    assert list(tmp_path.iterdir()) == []


def test_a_key_for_one_purpose_opens_no_other_door(tmp_path: Path) -> None:
    config = Settings(var_dir=tmp_path)
    keys = {config.secret, config.derived_secret("rasa"), config.derived_secret("telegram")}
    assert len(keys) == 3
    assert config.derived_secret("rasa") == Settings(var_dir=tmp_path).derived_secret("rasa")


def test_secrets_do_not_show_when_settings_are_printed(tmp_path: Path) -> None:
    config = Settings(var_dir=tmp_path, secret_key=SecretStr("hidden-key"), telegram_token=SecretStr("42:hidden"))
    assert "hidden" not in repr(config)
