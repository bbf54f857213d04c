"""What commands say of a shop that does not run: that it does not, and how to start it."""

import sys

import pytest
import typer
from typer.testing import CliRunner

from shop import cli


@pytest.fixture(name="shop")
def _shop(tmp_path, monkeypatch):
    """Runs a command on an instance of which nothing runs."""
    monkeypatch.setenv("SHOP_STATE", str(tmp_path))
    monkeypatch.setenv("SHOP_INSTANCE", "asleep")
    monkeypatch.setattr(sys, "argv", ["shop"])
    app = typer.Typer()
    for module in cli.GROUPS:
        cli.import_module(module).register(app)
    return lambda *words: CliRunner().invoke(app, words)


@pytest.mark.parametrize(
    "words",
    [
        ("audit",),
        ("audit", "--json"),
        ("demo",),
        ("events", "lag"),
        ("events", "parked", "list"),
        ("events", "parked", "list", "--json"),
        ("events", "parked", "retry", "shop.orders.v1", "key"),
        ("events", "parked", "bury", "-s", "scm", "shop.orders.v1", "key"),
        ("events", "dlq", "list", "-s", "orders"),
        ("events", "dlq", "replay", "-s", "orders", "1"),
        ("events", "dlq", "drop", "-s", "orders", "1"),
    ],
    ids=" ".join,
)
def test_says_that_nothing_runs_and_how_to_start_it(shop, words):
    done = shop(*words)

    assert (done.exit_code, done.stdout) == (2, "")
    assert "instance asleep: nothing runs; start it with: shop up --instance asleep" in " ".join(done.stderr.split())


def test_status_ends_with_1(shop):
    done = shop("status")

    assert (done.exit_code, "not running; start it with: shop up" in done.output) == (1, True)
