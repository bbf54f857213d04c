"""What the tests of this folder share: reading settings the way a program does."""

import importlib
import inspect

import pytest
from pydantic_settings import BaseSettings


def _classes(program):
    """A program's settings classes: one for itself, and perhaps some nested ones with longer prefixes."""
    module = importlib.import_module(f"{program}.settings")
    return [
        item
        for item in vars(module).values()
        if isinstance(item, type)
        and issubclass(item, BaseSettings)
        and item.__module__.startswith(f"{program}.")
        and not inspect.isabstract(item)
    ]


@pytest.fixture
def understood(monkeypatch):
    """Reads `environment` as `program` does. Fails for a name it does not know; raises for a value it refuses."""

    def read(program, environment):
        classes = _classes(program)
        known = {f"{one.model_config['env_prefix']}{name}".upper() for one in classes for name in one.model_fields}
        assert set(environment) - known == set(), "told, but the program has no such setting"
        with monkeypatch.context() as patch:
            for name, value in environment.items():
                patch.setenv(name, value)
            return {one.model_config["env_prefix"]: one() for one in classes}

    return read
