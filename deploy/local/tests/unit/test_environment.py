"""The table of settings: complete, and understood by the programs it is for."""

import importlib
import importlib.util
import inspect
import json
from urllib.parse import urlsplit

import pytest
from pydantic import SecretStr
from pydantic_settings import BaseSettings

from shop import environment
from shop.platform.edge import API_ROUTES
from shop.services import HELPERS, SERVICES

# The console's mail sink wants no sign-in.
EMPTY_ON_PURPOSE = {"NOTIFY_SMTP_PASSWORD", "PAYMENTS_KAKAOPAY_CID_SECRET"}
PROGRAMS = (*SERVICES, *HELPERS)


def settings_classes(program):
    """The program's settings classes: one for itself, and perhaps some nested ones with longer prefixes."""
    if importlib.util.find_spec(f"{program.name}.settings") is None:
        return []
    module = importlib.import_module(f"{program.name}.settings")
    return [
        item
        for item in vars(module).values()
        if isinstance(item, type)
        and issubclass(item, BaseSettings)
        and item.__module__.startswith(f"{program.name}.")
        and not inspect.isabstract(item)
    ]


class TestOf:
    @pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.name)
    def test_every_name_has_the_prefix_and_every_template_is_filled(self, program, an_instance):
        settings = environment.of(program, an_instance(), "127.0.0.1:8192")

        assert settings
        assert all(name.startswith(f"{program.prefix}_") for name in settings)
        assert all("{" not in value or value.startswith('{"') for value in settings.values())

    def test_a_service_gets_its_own_role_in_the_database(self, an_instance):
        current = an_instance()
        catalog, orders = SERVICES[0], SERVICES[2]

        url = urlsplit(environment.of(orders, current, "k:1")["ORDERS_DATABASE_URL"])

        assert (url.username, url.port, url.path) == ("orders", 8132, "/shop")
        assert url.password == current.secrets["orders_db_password"]
        assert url.password != urlsplit(environment.of(catalog, current, "k:1")["CATALOG_DATABASE_URL"]).password

    def test_all_services_share_broker_staff_key_and_trace_collector(self, an_instance):
        current = an_instance()

        for service in SERVICES:
            settings = environment.of(service, current, "kafka.example:9092")
            assert settings[f"{service.prefix}_KAFKA_BOOTSTRAP_SERVERS"] == "kafka.example:9092"
            assert settings[f"{service.prefix}_STAFF_TOKEN_KEY"] == current.secrets["staff_token_key"]
            assert settings[f"{service.prefix}_OTLP_ENDPOINT"] == "http://127.0.0.1:8121/otlp"

    def test_both_ends_of_each_conversation_with_the_sandbox_have_the_same_key(self, an_instance):
        merged = environment.everything(an_instance(), "k:1")

        assert merged["PAYMENTS_TOSS_SECRET_KEY"] == merged["SANDBOX_TOSS_SECRET_KEY"]
        assert merged["SANDBOX_KAKAOPAY_ACCOUNTS"].endswith("=" + merged["PAYMENTS_KAKAOPAY_SECRET_KEY"])
        assert merged["PAYMENTS_INICIS_SIGN_KEY"] in merged["SANDBOX_INICIS_ACCOUNTS"]
        assert merged["PAYMENTS_PORTONE_SECRET"] == merged["SANDBOX_PORTONE_API_SECRET"]
        assert json.loads(merged["PAYMENTS_PORTONE_WEBHOOK_SECRETS"]) == [merged["SANDBOX_PORTONE_WEBHOOK_SECRETS"]]
        assert merged["PAYMENTS_PORTONE_V1_IMP_SECRET"] == merged["SANDBOX_PORTONE_V1_IMP_SECRET"]
        assert merged["NOTIFY_SOLAPI_API_SECRET"] == merged["SANDBOX_SOLAPI_API_SECRET"]
        assert json.loads(merged["SCM_CENTRE_API_KEYS"])["icheon"] == merged["SANDBOX_LOGISTICS_API_KEY"]
        assert merged["SCM_POLL_CENTRE_API_KEY"] == merged["SANDBOX_FASSTO_API_KEY"]
        assert merged["SCM_TRACKER_KEY"].endswith(":" + merged["SANDBOX_TRACKER_CLIENT_SECRET"])
        assert merged["SANDBOX_SOLAPI_WEBHOOK_URL"].endswith("/" + merged["NOTIFY_SOLAPI_CALLBACK_TOKEN"])
        assert merged["PAYMENTS_TOSS_MERCHANT_ID"] == merged["SANDBOX_TOSS_MID"]
        assert merged["SANDBOX_SOLAPI_SENDERS"] == merged["NOTIFY_SENDER_NUMBER"]

    def test_the_console_knows_every_service(self, an_instance):
        settings = environment.everything(an_instance(), "k:1")

        urls = json.loads(settings["CONSOLE_SERVICE_URLS"])

        assert set(urls) == {service.name for service in SERVICES} == set(API_ROUTES)
        assert urls["catalog"] == "http://127.0.0.1:8101"


class TestUnderstood:
    @pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.name)
    def test_the_program_knows_every_setting_and_misses_none(self, program, an_instance, monkeypatch):
        wanted = settings_classes(program)
        if not wanted:
            assert not (an_instance().home / "services" / program.name / "src" / program.name / "main.py").exists()
            return
        told = environment.of(program, an_instance(), "127.0.0.1:8192")
        known = {f"{one.model_config['env_prefix']}{name}".upper() for one in wanted for name in one.model_fields}

        assert set(told) - known == set(), "in the table, but the program has no such setting"

        secrets = {
            f"{one.model_config['env_prefix']}{name}".upper()
            for one in wanted
            for name, field in one.model_fields.items()
            if field.annotation is SecretStr
        }
        assert secrets - set(told) - EMPTY_ON_PURPOSE == set(), "secrets that the table leaves empty"

        for name, value in told.items():
            monkeypatch.setenv(name, value)
        for one in wanted:
            one()
