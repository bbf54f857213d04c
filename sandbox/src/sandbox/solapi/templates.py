"""Approved Alimtalk templates: what was approved is what may be sent, word for word around the variables."""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from sandbox.store import Store

VARIABLE = re.compile(r"#\{[^{}]+\}")


@dataclass(frozen=True)
class Template:
    template_id: str
    name: str
    content: str
    buttons: list[dict[str, Any]] = field(default_factory=list)

    @property
    def variables(self) -> set[str]:
        return set(VARIABLE.findall(self.content))

    def filled(self, variables: Mapping[str, str]) -> str:
        return VARIABLE.sub(lambda found: variables.get(found[0], found[0]), self.content)

    def matches(self, text: str) -> bool:
        """Whether the text is this template with anything at all in place of its variables."""
        fixed = (re.escape(part) for part in VARIABLE.split(self.content))
        return re.fullmatch(".*?".join(fixed), text, re.DOTALL) is not None


class Templates:
    def __init__(self, store: Store, file: str) -> None:
        self._store = store
        if file:
            for entry in json.loads(Path(file).read_text(encoding="utf-8")):
                self.approve(read(entry))

    def approve(self, template: Template) -> None:
        self._store.run(
            "INSERT INTO solapi_templates (template_id, data) VALUES (?, ?) "
            "ON CONFLICT (template_id) DO UPDATE SET data = excluded.data",
            template.template_id, json.dumps(asdict(template), ensure_ascii=False),
        )  # fmt: skip

    def find(self, template_id: str) -> Template | None:
        row = self._store.row("SELECT data FROM solapi_templates WHERE template_id = ?", template_id)
        return Template(**json.loads(row["data"])) if row else None

    def all(self) -> list[Template]:
        rows = self._store.rows("SELECT data FROM solapi_templates ORDER BY template_id")
        return [Template(**json.loads(row["data"])) for row in rows]


def read(entry: Mapping[str, Any]) -> Template:
    """From {templateId, name?, content, buttons?}, as in the file and over HTTP."""
    return Template(
        template_id=str(entry["templateId"]),
        name=str(entry.get("name") or entry["templateId"]),
        content=str(entry["content"]),
        buttons=list(entry.get("buttons") or []),
    )
