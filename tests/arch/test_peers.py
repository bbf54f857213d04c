"""The page about other shops' complaints names tests that there are."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
_NAMED = re.compile(r"`([\w/]+\.py)::(\w+)`")


def test_every_test_the_page_names_exists_and_every_complaint_has_one():
    rows = [line for line in (ROOT / "docs/peers.md").read_text("utf-8").splitlines() if re.match(r"\| \d+ \|", line)]
    assert [int(row.split("|")[1]) for row in rows] == list(range(1, 26))
    for row in rows:
        named = _NAMED.findall(row)
        assert named, row
        for file, name in named:
            content = (ROOT / file).read_text("utf-8")
            assert re.search(rf"^ *((async )?def {name}\(|class {name}\b|{name} = )", content, re.MULTILINE), name
