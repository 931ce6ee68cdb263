"""The installation's settings: read once from the environment, refused early when wrong."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import AliasChoices, Field, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

RUN_ENVIRONMENT = Path(".local/run/env")


def _name(variable: str) -> AliasChoices:
    """The environment variable of one setting; the field's own name serves constructors."""
    return AliasChoices(variable, variable.lower().removeprefix("backoffice_"))


class Settings(BaseSettings):
    """Every setting of the platform; keys are hex, URLs carry their credentials."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", populate_by_name=True)

    environment: Literal["production", "demo", "test"] = Field(
        "production", validation_alias=_name("BACKOFFICE_ENVIRONMENT")
    )
    database_url: str = Field(validation_alias=_name("DATABASE_URL"))
    database_admin_url: str | None = Field(None, validation_alias=_name("DATABASE_ADMIN_URL"))
    database_worker_url: str | None = Field(None, validation_alias=_name("DATABASE_WORKER_URL"))
    database_restore_url: str | None = Field(None, validation_alias=_name("DATABASE_RESTORE_URL"))
    valkey_url: str = Field(validation_alias=_name("VALKEY_URL"))
    s3_endpoint_url: str | None = Field(None, validation_alias=_name("S3_ENDPOINT_URL"))
    s3_access_key_id: str = Field(validation_alias=_name("S3_ACCESS_KEY_ID"))
    s3_secret_access_key: str = Field(validation_alias=_name("S3_SECRET_ACCESS_KEY"))
    s3_bucket: str = Field("backoffice", validation_alias=_name("S3_BUCKET"))
    s3_region: str = Field("us-east-1", validation_alias=_name("S3_REGION"))
    guard_key: str = Field(validation_alias=_name("BACKOFFICE_GUARD_KEY"))
    guard_key_id: str = Field("k1", validation_alias=_name("BACKOFFICE_GUARD_KEY_ID"))
    secret_key: str = Field(validation_alias=_name("BACKOFFICE_SECRET_KEY"), min_length=32)
    kek: str = Field(validation_alias=_name("BACKOFFICE_KEK"))
    kek_before: str | None = Field(None, validation_alias=_name("BACKOFFICE_KEK_BEFORE"))
    kek_copy: Path | None = Field(None, validation_alias=_name("BACKOFFICE_KEK_COPY"))
    public_url: str = Field(
        "http://localhost:8000", validation_alias=_name("BACKOFFICE_PUBLIC_URL")
    )
    trusted_proxies: int = Field(
        0, ge=0, le=5, validation_alias=_name("BACKOFFICE_TRUSTED_PROXIES")
    )
    smtp_url: str | None = Field(None, validation_alias=_name("BACKOFFICE_SMTP_URL"))
    mail_from: str = Field("backoffice@localhost", validation_alias=_name("BACKOFFICE_MAIL_FROM"))
    clamd: str | None = Field(None, validation_alias=_name("BACKOFFICE_CLAMD"))
    mail_in_domain: str | None = Field(None, validation_alias=_name("BACKOFFICE_MAIL_IN_DOMAIN"))
    mail_in_key: str | None = Field(
        None, validation_alias=_name("BACKOFFICE_MAIL_IN_KEY"), min_length=16
    )
    mail_in_authserv_id: str | None = Field(
        None, validation_alias=_name("BACKOFFICE_MAIL_IN_AUTHSERV_ID")
    )
    backup_days: int = Field(35, ge=1, le=3660, validation_alias=_name("BACKOFFICE_BACKUP_DAYS"))
    backup_dir: Path | None = Field(None, validation_alias=_name("BACKOFFICE_BACKUP_DIR"))
    data_dir: Path = Field(Path(".local"), validation_alias=_name("BACKOFFICE_DATA_DIR"))

    @field_validator("kek_before", mode="before")
    @classmethod
    def _no_key_before(cls, value: str | None) -> str | None:
        return value or None

    @field_validator("guard_key", "kek", "kek_before")
    @classmethod
    def _thirty_two_bytes(cls, value: str | None) -> str | None:
        if value is not None and len(bytes.fromhex(value)) != 32:
            raise ValueError("must be 32 bytes written as 64 hexadecimal digits")
        return value

    @field_validator("public_url")
    @classmethod
    def _web_address(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError("must be an address such as https://desk.example.com")
        return value.rstrip("/")

    @field_validator("mail_in_domain", "mail_in_key", "mail_in_authserv_id", mode="before")
    @classmethod
    def _empty_is_unset(cls, value: str | None) -> str | None:
        return value or None

    @field_validator("clamd")
    @classmethod
    def _scanner_address(cls, value: str | None) -> str | None:
        if value and not value.startswith(("unix:/", "tcp://")):
            raise ValueError("must be unix:/path/of/socket or tcp://host:3310")
        return value or None

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what the caller hands over counts: `load_settings` decides where it comes from."""
        return (init_settings,)

    @property
    def secure(self) -> bool:
        """Whether people reach us by https, so that cookies may be `Secure` and `__Host-`."""
        return self.public_url.startswith("https://")


def read_env_file(path: Path) -> dict[str, str]:
    """The `NAME=value` lines of a file that the supervisor wrote."""
    lines = path.read_text(encoding="utf-8").splitlines()
    pairs = (line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))
    return {name.strip(): value.strip() for name, value in pairs}


def environment(base: Mapping[str, str] | None = None) -> dict[str, str]:
    """The process environment, or that of the running demo where it names no database."""
    found = dict(os.environ if base is None else base)
    if "DATABASE_URL" in found or not RUN_ENVIRONMENT.exists():
        return found
    return {**read_env_file(RUN_ENVIRONMENT), **found}


@lru_cache(maxsize=1)
def load_settings() -> Settings:
    """The settings of this process; raises pydantic's ValidationError naming what is wrong."""
    return Settings(**environment())  # type: ignore[arg-type]  # pydantic parses the strings
