from console.settings import Settings


class TestSettings:
    def test_reads_what_the_supervisor_gives(self, monkeypatch):
        for name, value in {
            "CONSOLE_PORT": "9",
            "CONSOLE_SERVICE_URLS": '{"orders": "http://127.0.0.1:8103"}',
            "SHOP_INSTANCE": "e2e",
        }.items():
            monkeypatch.setenv(name, value)
        settings = Settings()
        assert (settings.port, settings.instance) == (9, "e2e")
        assert settings.service_urls == {"orders": "http://127.0.0.1:8103"}

    def test_needs_nothing_to_start(self, monkeypatch):
        monkeypatch.delenv("SHOP_INSTANCE", raising=False)
        assert (Settings().kafka_bootstrap_servers, Settings().instance) == ("", "main")
