"""Secrets of one instance: made once, kept in secrets.json (mode 0600), never printed by `up`."""

from __future__ import annotations

import base64
import json
import os
import secrets
import string
from collections.abc import Callable
from pathlib import Path

from shop.services import SERVICES


def _letters(count: int) -> str:
    return "".join(secrets.choice(string.ascii_uppercase + string.digits) for _ in range(count))


# One line per secret; a new line is generated for existing instances at their next start.
FORMATS: dict[str, Callable[[], str]] = {
    "staff_token_key": lambda: secrets.token_urlsafe(48),
    "internal_key": lambda: secrets.token_urlsafe(32),
    "toss_secret_key": lambda: f"test_sk_{secrets.token_hex(16)}",
    "toss_client_key": lambda: f"test_ck_{secrets.token_hex(16)}",
    "kakaopay_secret_key": lambda: f"DEV{_letters(29)}",
    "inicis_sign_key": lambda: secrets.token_urlsafe(24),
    "inicis_api_key": lambda: _letters(16),
    "inicis_api_iv": lambda: _letters(16),
    "portone_api_secret": lambda: secrets.token_urlsafe(48),
    "portone_webhook_secret": lambda: f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}",
    "portone_imp_key": lambda: secrets.token_hex(8),
    "portone_imp_secret": lambda: secrets.token_hex(40),
    "solapi_api_key": lambda: f"NCS{_letters(13)}",
    "solapi_api_secret": lambda: _letters(32),
    "solapi_callback_token": lambda: secrets.token_urlsafe(24),
    "solapi_pf_id": lambda: f"KA01PF{_letters(26)}",
    "payments_sealing_key": lambda: secrets.token_urlsafe(32),
    "order_token_key": lambda: secrets.token_urlsafe(32),
    "fassto_api_code": lambda: secrets.token_hex(16),
    "fassto_api_key": lambda: secrets.token_hex(16),
    "tracker_secret": lambda: secrets.token_urlsafe(24),
    "logistics_api_key": lambda: secrets.token_urlsafe(24),
    "s3_access_key": lambda: _letters(20),
    "s3_secret_key": lambda: secrets.token_urlsafe(30),
    "postgres_password": lambda: secrets.token_hex(16),
    "auditor_db_password": lambda: secrets.token_hex(16),
} | {f"{service.name}_db_password": lambda: secrets.token_hex(16) for service in SERVICES}


def load(path: Path) -> dict[str, str]:
    """The secrets in `path`; missing ones are made and saved first."""
    known: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
    missing = [name for name in FORMATS if name not in known]
    if missing:
        known |= {name: FORMATS[name]() for name in missing}
        _save(path, known)
    return known


def _save(path: Path, known: dict[str, str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(known, file, indent=2)
    draft.replace(path)
