"""The README against the code: settings, addresses, operations and files it names are there."""

import re
from pathlib import Path

import httpx
import pytest
from sandbox_world import FakeClock, settings

import sandbox
from sandbox.app import create_app
from sandbox.faults import CALL_KINDS, CALLBACK_KINDS
from sandbox.inicis.settings import InicisSettings
from sandbox.kakaopay.settings import KakaoPaySettings
from sandbox.portone.settings import PortOneSettings
from sandbox.settings import Settings

HOME = Path(sandbox.__file__).parent
README = (HOME.parents[1] / "README.md").read_text(encoding="utf-8")
SOURCES = "\n".join(path.read_text(encoding="utf-8") for path in HOME.rglob("*.py"))
UNCONFIRMED = README.partition("## What nobody has confirmed")[2].partition("\n## ")[0]
PREFIXES = {
    "SANDBOX_INICIS_": InicisSettings, "SANDBOX_KAKAOPAY_": KakaoPaySettings, "SANDBOX_PORTONE_": PortOneSettings,
    "SANDBOX_": Settings,
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(set(re.findall(r"SANDBOX_[A-Z0-9_]*[A-Z0-9]", README))))
def test_a_setting_it_names_is_one(name: str) -> None:
    prefix = next(prefix for prefix in PREFIXES if name.startswith(prefix))
    assert name.removeprefix(prefix).lower() in PREFIXES[prefix].model_fields


@pytest.mark.parametrize("name", sorted(set(re.findall(r"`([a-z_0-9/]+\.py)`", UNCONFIRMED))))
def test_a_file_it_names_is_there(name: str) -> None:
    assert (HOME / name).is_file()


def test_the_addresses_it_names_are_served(tmp_path: Path) -> None:
    app = create_app(settings(tmp_path), clock=FakeClock(), http=httpx.AsyncClient())
    served = set(app.openapi()["paths"])
    named = re.findall(r"/sandbox/[a-z_0-9]+(?:/[a-z_]+)*/_sandbox/[a-z-]+(?:/[a-z-]+)?", README)
    assert len(named) > 10
    assert [path for path in named if not any(known.startswith(path) for known in served)] == []
    app.state.world.store.close()


def test_every_kind_of_fault_is_explained() -> None:
    assert set(re.findall(r"^\| `([a-z_0-9]+)` \|", README, re.MULTILINE)) == {*CALL_KINDS, *CALLBACK_KINDS}


def test_every_operation_it_names_is_asked_for_somewhere() -> None:
    listed = README.partition("Operations, `*`")[2].partition("Besides:")[0]
    words = [word for run in re.findall(r"`([\w\s]+)`", listed) for word in run.split()]
    assert len(words) > 20
    assert [word for word in words if f'"{word.removeprefix("fassto_")}"' not in SOURCES] == []
    doors = re.findall(r'take\(\s*request, "(\w+)"', SOURCES)
    assert len(doors) > 15
    assert set(doors) - {"partialRefund"} <= {word.removeprefix("fassto_") for word in words}  # a kind of `refund`


def test_every_party_with_something_unconfirmed_stands_in_the_table() -> None:
    parties = re.findall(r"^\| (\w+) \|", UNCONFIRMED, re.MULTILINE)
    assert [party for party in parties if party != "party"] == [
        "Toss", "KakaoPay", "Inicis", "PortOne", "Solapi", "FASSTO",
    ]  # fmt: skip
    rows = [line for line in UNCONFIRMED.splitlines() if line.startswith("|")][2:]
    assert all(re.search(r"`[^`]+` ?\|$", row) for row in rows)


@pytest.mark.parametrize("path", sorted(path for path in HOME.rglob("*.py") if "memory" in path.read_text()), ids=str)
def test_what_is_called_memory_in_the_code_stands_in_the_table(path: Path) -> None:
    name = path.relative_to(HOME).as_posix()
    prefix = {"inicis": "SANDBOX_INICIS_", "kakaopay": "SANDBOX_KAKAOPAY_", "portone": "SANDBOX_PORTONE_"}
    if path.name == "settings.py":
        assert prefix.get(name.partition("/")[0], "SANDBOX_") in UNCONFIRMED
    else:
        assert f"`{name}`" in UNCONFIRMED
