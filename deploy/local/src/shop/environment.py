"""The settings of every program, as tables. To add a setting, add a line.

A value is a template over: `{name}` the program, `{port[x]}` and `{url[x]}` of any program or part, `{edge}` the public
base URL, `{kafka}` the bootstrap servers, `{directory}` the instance's folder, `{home}` the checkout, `{key[x]}` a
secret of `keys.FORMATS`, `{option[x]}` of `instance.Options`.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from shop.instance import Instance
from shop.platform.postgres import url
from shop.platform.roles import AUDITOR, DATABASE
from shop.platform.storage import BUCKET, REGION
from shop.services import HELPERS, SERVICES, Service

# Messages leave from it, and the sandbox has it registered.
SENDER_NUMBER = "0212345678"
# What the outside world calls us.
TOSS_MERCHANT = "sandboxmall"
KAKAOPAY_CID = "TC0ONETIME"
INICIS_MID = "sandboxmal"
PORTONE_STORE = "store-sandbox"
PORTONE_CODE = "imp00000000"
# PortOne's channel of each method. The sandbox takes any name.
_CHANNELS = json.dumps({method: f"channel-{method}" for method in ("card", "transfer", "virtual_account", "easy_pay")})
PORTONE_CHANNELS = _CHANNELS.replace("{", "{{").replace("}", "}}")
FASSTO_CUSTOMER = "94001"
TRACKER_CLIENT = "shop"

# For each of the services, under its prefix.
COMMON = {
    "DATABASE_URL": "postgresql://{name}:{password}@127.0.0.1:{port[postgres]}/" + DATABASE,
    "KAFKA_BOOTSTRAP_SERVERS": "{kafka}",
    "KAFKA_IDEMPOTENCE": "true",
    "HOST": "127.0.0.1",
    "PORT": "{own_port}",
    "ROLES": "api,relay,consumer,jobs",
    "LOG_FORMAT": "json",
    "OTLP_ENDPOINT": "{url[console]}/otlp",
    "TRACE_SAMPLE_RATIO": "{option[trace_sample_ratio]}",
    "STAFF_TOKEN_KEY": "{key[staff_token_key]}",
    "INTERNAL_KEY": "{key[internal_key]}",
    # A killed process is known to be dead, and its partitions and shards go on, within seconds.
    "CONSUMER_SESSION_SECONDS": "6",
    "CONSUMER_REBALANCE_SECONDS": "10",
    "RELAY_LEASE_SECONDS": "4",
}

# What only one program is told.
OWN: dict[str, dict[str, str]] = {
    "catalog": {
        "S3_ENDPOINT": "{url[s3]}",
        "S3_PUBLIC_URL": "{edge}/" + BUCKET,
        "S3_BUCKET": BUCKET,
        "S3_REGION": REGION,
        "S3_ACCESS_KEY": "{key[s3_access_key]}",
        "S3_SECRET_KEY": "{key[s3_secret_key]}",
    },
    "cart": {},
    "orders": {
        "CART_URL": "{url[cart]}",
        "CATALOG_URL": "{url[catalog]}",
        "TOKEN_KEY": "{key[order_token_key]}",
        # An order is over as soon as its parcels have arrived, so that a demo sees the end.
        "COMPLETE_AFTER_DAYS": "0",
        "COMPLETE_EVERY_SECONDS": "1",
    },
    "payments": {
        "ORDERS_URL": "{url[orders]}",
        "TOSS_URL": "{url[sandbox]}/sandbox/toss",
        "TOSS_SECRET_KEY": "{key[toss_secret_key]}",
        "TOSS_CLIENT_KEY": "{key[toss_client_key]}",
        "TOSS_WINDOW_URL": "{edge}/sandbox/toss/pay",
        "TOSS_MERCHANT_ID": TOSS_MERCHANT,
        "KAKAOPAY_URL": "{url[sandbox]}/sandbox/kakaopay",
        "KAKAOPAY_SECRET_KEY": "{key[kakaopay_secret_key]}",
        "KAKAOPAY_CID": KAKAOPAY_CID,
        "KAKAOPAY_SETTLEMENT_PATH": "/online/v1/settlements",
        "INICIS_MERCHANT_ID": INICIS_MID,
        "INICIS_SIGN_KEY": "{key[inicis_sign_key]}",
        "INICIS_API_KEY": "{key[inicis_api_key]}",
        "INICIS_API_IV": "{key[inicis_api_iv]}",
        "INICIS_SCRIPT_URL": "{edge}/sandbox/inicis/stdjs/INIStdPay.js",
        # Where the sandbox says an approval goes must be one of these, letter by letter.
        "INICIS_IDC_URLS": '{{"stg": "{edge}/sandbox/inicis"}}',
        "INICIS_API_URL": "{url[sandbox]}/sandbox/inicis",
        "INICIS_SOURCES": "",
        "PORTONE_URL": "{url[sandbox]}/sandbox/portone",
        "PORTONE_SCRIPT_URL": "{edge}/sandbox/portone/v2/browser-sdk.js",
        "PORTONE_STORE_ID": PORTONE_STORE,
        "PORTONE_SECRET": "{key[portone_api_secret]}",
        "PORTONE_CHANNELS": PORTONE_CHANNELS,
        "PORTONE_WEBHOOK_SECRETS": '["{key[portone_webhook_secret]}"]',
        "PORTONE_SOURCES": "",
        "PORTONE_V1_URL": "{url[sandbox]}/sandbox/portone_v1",
        "PORTONE_V1_SCRIPT_URL": "{edge}/sandbox/portone_v1/iamport.js",
        "PORTONE_V1_IMP_CODE": PORTONE_CODE,
        "PORTONE_V1_IMP_KEY": "{key[portone_imp_key]}",
        "PORTONE_V1_IMP_SECRET": "{key[portone_imp_secret]}",
        "PORTONE_V1_CHANNELS": PORTONE_CHANNELS,
        "PUBLIC_URL": "{edge}",
        "SEALING_KEY": "{key[payments_sealing_key]}",
    },
    "scm": {
        "CENTRE_API_KEYS": '{{"icheon": "{key[logistics_api_key]}"}}',
        "POLL_CENTRE_CODE": "fassto",
        "POLL_CENTRE_URL": "{url[sandbox]}/sandbox/logistics/fassto",
        "POLL_CENTRE_API_CODE": "{key[fassto_api_code]}",
        "POLL_CENTRE_API_KEY": "{key[fassto_api_key]}",
        "POLL_CENTRE_CUSTOMER_CODE": FASSTO_CUSTOMER,
        "POLL_EVERY_SECONDS": "2",
        "TRACKER_URL": "{url[sandbox]}/sandbox/logistics/tracker/graphql",
        "TRACKER_KEY": TRACKER_CLIENT + ":{key[tracker_secret]}",
        # Parcels of the sandbox arrive within a minute.
        "TRACKING_EVERY_SECONDS": "1",
    },
    "notify": {
        "SMTP_HOST": "127.0.0.1",
        "SMTP_PORT": "{port[smtp]}",
        "SOLAPI_URL": "{url[sandbox]}/sandbox/solapi",
        "SOLAPI_API_KEY": "{key[solapi_api_key]}",
        "SOLAPI_API_SECRET": "{key[solapi_api_secret]}",
        "SOLAPI_PF_ID": "{key[solapi_pf_id]}",
        "SOLAPI_CALLBACK_TOKEN": "{key[solapi_callback_token]}",
        "SENDER_NUMBER": SENDER_NUMBER,
        # What a killed sender held is sent again within half a minute. The lease is longer than four steps of mail.
        "SMTP_TIMEOUT_SECONDS": "5",
        "LEASE_SECONDS": "25",
    },
    "stats": {},
    "sandbox": {
        "HOST": "127.0.0.1",
        "PORT": "{port[sandbox]}",
        "PUBLIC_URL": "{edge}/sandbox",
        "DATA_DIR": "{directory}/sandbox",
        "LOG_FORMAT": "json",
        # Providers retry after minutes; here after seconds.
        "MINUTE_SECONDS": "1",
        "SOLAPI_SENDERS": SENDER_NUMBER,
        "TOSS_SECRET_KEY": "{key[toss_secret_key]}",
        "TOSS_CLIENT_KEY": "{key[toss_client_key]}",
        "TOSS_MID": TOSS_MERCHANT,
        "TOSS_WEBHOOK_URL": "{edge}/v1/callbacks/toss",
        "KAKAOPAY_ACCOUNTS": KAKAOPAY_CID + "={key[kakaopay_secret_key]}",
        "INICIS_ACCOUNTS": INICIS_MID + "={key[inicis_sign_key]}:{key[inicis_api_key]}:{key[inicis_api_iv]}",
        "INICIS_NOTICE_URL": "{edge}/v1/callbacks/inicis",
        "PORTONE_STORE_ID": PORTONE_STORE,
        "PORTONE_API_SECRET": "{key[portone_api_secret]}",
        "PORTONE_WEBHOOK_URL": "{edge}/v1/callbacks/portone",
        "PORTONE_WEBHOOK_SECRETS": "{key[portone_webhook_secret]}",
        # A bank's refund is done before it is asked after for the first time.
        "PORTONE_REFUND_MINUTES": "1",
        "PORTONE_V1_IMP_CODE": PORTONE_CODE,
        "PORTONE_V1_IMP_KEY": "{key[portone_imp_key]}",
        "PORTONE_V1_IMP_SECRET": "{key[portone_imp_secret]}",
        "PORTONE_V1_WEBHOOK_URL": "{edge}/v1/callbacks/portone_v1",
        "SOLAPI_API_KEY": "{key[solapi_api_key]}",
        "SOLAPI_API_SECRET": "{key[solapi_api_secret]}",
        "SOLAPI_PF_ID": "{key[solapi_pf_id]}",
        "SOLAPI_WEBHOOK_URL": "{edge}/v1/callbacks/solapi/{key[solapi_callback_token]}",
        "SOLAPI_TEMPLATES": "{home}/services/notify/src/notify/templates/alimtalk.json",
        "LOGISTICS_URL": "{edge}",
        "LOGISTICS_API_KEY": "{key[logistics_api_key]}",
        "LOGISTICS_POLL_SECONDS": "1",
        # Long enough for a customer to change their mind after paying.
        "LOGISTICS_ACCEPT_SECONDS": "4",
        "TRACKING_STEP_SECONDS": "1",
        "FASSTO_API_CD": "{key[fassto_api_code]}",
        "FASSTO_API_KEY": "{key[fassto_api_key]}",
        "FASSTO_CST_CD": FASSTO_CUSTOMER,
        "TRACKER_CLIENT_ID": TRACKER_CLIENT,
        "TRACKER_CLIENT_SECRET": "{key[tracker_secret]}",
    },
    "console": {
        "HOST": "127.0.0.1",
        "PORT": "{port[console]}",
        "EDGE_URL": "{edge}",
        "DATA_DIR": "{directory}/console",
        "SMTP_PORT": "{port[smtp]}",
        "AUDITOR_DATABASE_URL": "{auditor_url}",
        "KAFKA_BOOTSTRAP_SERVERS": "{kafka}",
        "SERVICE_URLS": "{service_urls}",
        "SANDBOX_URL": "{url[sandbox]}",
    },
}


def of(program: Service, instance: Instance, bootstrap: str) -> dict[str, str]:
    """The environment of one program, prefix included."""
    table = (COMMON if program.kind == "service" else {}) | OWN[program.name]
    values = _values(instance, bootstrap) | {
        "name": program.name,
        "password": instance.secrets.get(f"{program.name}_db_password", ""),
        "own_port": instance.ports[program.name],
    }
    return {f"{program.prefix}_{setting}": template.format_map(values) for setting, template in table.items()}


def everything(instance: Instance, bootstrap: str) -> dict[str, str]:
    """The environments of all programs together: for steps that act for several of them, and for `shop env`."""
    merged: dict[str, str] = {}
    for program in (*SERVICES, *HELPERS):
        merged |= of(program, instance, bootstrap)
    return merged


def auditor_url(instance: Instance) -> str:
    """Reads every schema, changes nothing."""
    return url(AUDITOR, instance.secrets["auditor_db_password"], instance.ports["postgres"], DATABASE)


def _values(instance: Instance, bootstrap: str) -> dict[str, Any]:
    urls = {name: f"http://127.0.0.1:{port}" for name, port in instance.ports.items()}
    return {
        "port": instance.ports,
        "url": urls,
        "edge": instance.edge_url,
        "directory": instance.directory,
        "home": instance.home,
        "kafka": bootstrap,
        "key": instance.secrets,
        "option": asdict(instance.options),
        "auditor_url": auditor_url(instance),
        "service_urls": json.dumps({service.name: urls[service.name] for service in SERVICES}),
    }
