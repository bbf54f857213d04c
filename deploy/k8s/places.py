"""The two clusters the manifests are written for: `dev`, whole with sandbox and console, and `prod`."""

from __future__ import annotations

from deploy.compose.settings import PORT, PROGRAMS, Place

from shop.environment import OWN
from shop.services import SERVICES

NAMESPACE = "shop"
SMTP_PORT = 8025
POSTGRES_HOST = "postgres-rw:5432"
KAFKA_BOOTSTRAP = "shop-kafka-bootstrap:9092"
HOSTS = {"dev": "shop.dev.example", "prod": "shop.example"}
# Pods × this many connections must fit into PostgreSQL; a test adds them up.
POOL_SIZE = 5

# Every secret a program is shown, in one Secret of this name; a role's password in `<role>-database`.
SECRET = "shop-keys"  # noqa: S105 - the name of a Secret
# In a cluster the tracking API's `id:secret` and the mail server's password come whole from the Secret.
MORE_KEYS = ("tracker_key", "smtp_password")

_COMMON: dict[str, str | None] = {"ROLES": None, "DATABASE_POOL_SIZE": str(POOL_SIZE)}
_BOTH: dict[str, dict[str, str | None]] = {
    "common": _COMMON,
    "scm": {"TRACKER_KEY": "{key[tracker_key]}"},
    "notify": {"SMTP_PASSWORD": "{key[smtp_password]}"},
}
_DEV: dict[str, dict[str, str | None]] = _BOTH | {
    "notify": {**_BOTH["notify"], "SMTP_HOST": "console"},
    "sandbox": {
        # The sandbox calls the services it has news for; the gateway's address is for browsers.
        "TOSS_WEBHOOK_URL": "{url[payments]}/v1/callbacks/toss",
        "INICIS_NOTICE_URL": "{url[payments]}/v1/callbacks/inicis",
        "PORTONE_WEBHOOK_URL": "{url[payments]}/v1/callbacks/portone",
        "PORTONE_V1_WEBHOOK_URL": "{url[payments]}/v1/callbacks/portone_v1",
        "SOLAPI_WEBHOOK_URL": "{url[notify]}/v1/callbacks/solapi/{key[solapi_callback_token]}",
        "LOGISTICS_URL": "{url[scm]}",
    },
}
# The haste of demos ends here, and the outside world is the real one. What names the merchant's own accounts (codes,
# numbers, addresses) is in overlays/prod/settings, to be replaced with theirs.
_PROD: dict[str, dict[str, str | None]] = {
    "common": {
        **_COMMON,
        "OTLP_ENDPOINT": "http://otel-collector.observability:4318",
        "CONSUMER_SESSION_SECONDS": None,
        "CONSUMER_REBALANCE_SECONDS": None,
        "RELAY_LEASE_SECONDS": None,
    },
    "catalog": {
        "S3_ENDPOINT": "https://s3.ap-northeast-2.amazonaws.com",
        "S3_PUBLIC_URL": "https://media.shop.example",
        "S3_BUCKET": "shop-media",
        "S3_REGION": "ap-northeast-2",
    },
    "orders": {"COMPLETE_AFTER_DAYS": None, "COMPLETE_EVERY_SECONDS": None},
    # A provider without an account is not offered; a mall that has one names it in a secret of its own.
    "payments": {
        "TOSS_URL": None,
        "TOSS_WINDOW_URL": "{edge}/pay",
        "TOSS_MERCHANT_ID": None,
        **{name: None for name in OWN["payments"] if name.startswith(("KAKAOPAY_", "INICIS_", "PORTONE_"))},
    },
    "scm": {
        "TRACKER_KEY": "{key[tracker_key]}",
        "POLL_CENTRE_URL": "https://fmsapi.fassto.ai",
        "POLL_EVERY_SECONDS": None,
        "TRACKER_URL": "https://apis.tracker.delivery/graphql",
        "TRACKING_EVERY_SECONDS": None,
    },
    "notify": {
        "SMTP_HOST": "smtp.shop.example",
        "SMTP_PORT": "587",
        "SMTP_TLS": "starttls",
        "SMTP_USER": "shop",
        "SMTP_PASSWORD": "{key[smtp_password]}",
        "SMTP_TIMEOUT_SECONDS": None,
        "LEASE_SECONDS": None,
        "SOLAPI_URL": None,
    },
}


def _variable(secret: str) -> str:
    # Kubernetes puts the value of an earlier variable where this stands.
    return f"$(KEY_{secret.upper()})"


def place(name: str) -> Place:
    """Where everything is in the cluster `name`, with `$(KEY_…)` in place of secrets."""
    return Place(
        urls={program.name: f"http://{program.name}:{PORT}" for program in PROGRAMS} | {"s3": "http://s3:8333"},
        ports={"smtp": SMTP_PORT, "sandbox": PORT, "console": PORT},
        edge=f"https://{HOSTS[name]}",
        kafka=KAFKA_BOOTSTRAP,
        postgres=POSTGRES_HOST,
        directory="/data",
        home="/app",
        spell=_variable,
        trace_sample_ratio="1.0" if name == "dev" else "0.1",
        changes=_DEV if name == "dev" else _PROD,
        more_keys=MORE_KEYS,
    )


def programs(name: str) -> list[str]:
    """What of ours runs there."""
    return [program.name for program in (PROGRAMS if name == "dev" else SERVICES)]
