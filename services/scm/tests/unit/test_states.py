from pathlib import Path

from scm.domain.states import render


def test_states_md_is_what_the_tables_say():
    written = (Path(__file__).parents[2] / "STATES.md").read_text("utf-8")
    assert written == render(), "run: python -m scm.domain.states > services/scm/STATES.md"
