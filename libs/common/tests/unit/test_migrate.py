"""The newest revision, read without Alembic."""

import subprocess
import sys
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory

from common import migrate

SERVICES = Path(__file__).parents[4] / "services"


class TestHead:
    @pytest.mark.parametrize("tree", sorted(SERVICES.glob("*/migrations")), ids=lambda tree: tree.parent.name)
    def test_it_is_the_one_alembic_finds(self, tree):
        assert migrate.head(tree) == ScriptDirectory.from_config(migrate.config(tree)).get_current_head()

    @pytest.mark.parametrize("third", ["0002", "0003"], ids=["one name twice", "two heads"])
    def test_a_tree_that_parts_is_a_defect(self, tmp_path, third):
        for number, (name, below) in enumerate((("0001", None), ("0002", "0001"), (third, "0001"))):
            file = tmp_path / "versions" / f"{number}.py"
            file.parent.mkdir(exist_ok=True)
            file.write_text(f'revision: str = "{name}"\ndown_revision = {below!r}\n'.replace("'", '"'))

        with pytest.raises(ValueError, match=f"0002, {third}"):
            migrate.head(tmp_path)

    def test_a_tree_without_revisions_has_none(self, tmp_path):
        assert migrate.head(tmp_path) is None

    def test_a_service_runs_without_alembic(self):
        code = "import sys, orders.main; sys.exit('alembic' in sys.modules)"

        assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
