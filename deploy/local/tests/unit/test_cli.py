"""Only the called command's module is loaded, and every command can be found."""

from importlib import import_module

import pytest
import typer

from shop import cli


class TestModulesFor:
    def test_a_command_loads_its_own_module_alone(self):
        assert cli.modules_for(["up", "--port", "9000"]) == ["shop.lifecycle"]

    @pytest.mark.parametrize("arguments", [[], ["--help"], ["no-such-thing"]])
    def test_help_and_unknown_words_load_all(self, arguments):
        assert cli.modules_for(arguments) == list(cli.GROUPS)

    @pytest.mark.parametrize("module", cli.GROUPS)
    def test_the_words_are_those_that_the_module_registers(self, module):
        app = typer.Typer()

        import_module(module).register(app)

        commands = {command.name or command.callback.__name__ for command in app.registered_commands}
        groups = {group.name for group in app.registered_groups}
        assert commands | groups == set(cli.GROUPS[module])
