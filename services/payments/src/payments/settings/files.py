"""Secrets from files: one file per setting, named like its variable, in the folder `PAYMENTS_SECRETS_DIR`.

A file counts before the environment, so a secret replaced in its file is not shadowed by an old variable. Read at
the start: after a change the processes are started again, one after the other.
"""

from __future__ import annotations

import os
from pathlib import Path

from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SecretsSettingsSource

FOLDER = "PAYMENTS_SECRETS_DIR"


def check(folder: str) -> None:
    """At the start. Raises `ValueError` when the folder named is none: to go on with older secrets would be worse."""
    if folder and not Path(folder).is_dir():
        raise ValueError(f"{FOLDER} names no folder: {folder}")


class FromFiles(BaseSettings):
    """Without the folder the environment counts alone; `check` says that it should have been there."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        folder = os.environ.get(FOLDER, "")
        if not Path(folder or "no folder").is_dir():
            return init_settings, env_settings, dotenv_settings, file_secret_settings
        files = SecretsSettingsSource(settings_cls, secrets_dir=folder)
        return init_settings, files, env_settings, dotenv_settings
