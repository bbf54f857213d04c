"""The books of the messaging provider, and the approval of templates. Under /solapi/_sandbox."""

from dataclasses import asdict
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, Field

from sandbox.courier import Courier
from sandbox.solapi.checks import STATUS
from sandbox.solapi.parts import Solapi
from sandbox.solapi.templates import read


class Approved(BaseModel):
    templateId: str = Field(min_length=1)  # noqa: N815 - field names of the party
    name: str = ""
    content: str = Field(min_length=1, max_length=1000, description="with variables as #{이름}")
    buttons: list[dict[str, Any]] = Field(default_factory=list)


def router(solapi: Solapi, courier: Courier) -> APIRouter:
    api = APIRouter(prefix="/solapi/_sandbox", tags=["Solapi: sandbox"])

    @api.post("/templates", status_code=201)
    async def approve(templates: Approved | list[Approved]) -> dict[str, int]:
        """Approve one template or several; one of the same id is replaced."""
        several = templates if isinstance(templates, list) else [templates]
        with solapi.store.tx():
            for template in several:
                solapi.templates.approve(read(template.model_dump()))
        return {"approved": len(several)}

    @api.get("/templates")
    async def templates() -> list[dict[str, Any]]:
        return [asdict(template) for template in solapi.templates.all()]

    @api.get("/messages")
    async def messages(to: str | None = None) -> dict[str, Any]:
        """Every message received, when, and what became of it; totals by type and status."""
        found = [message for message in solapi.messages.all() if to is None or message["to"] == to]
        totals: dict[str, int] = {}
        for message in found:
            name = f"{message['type']} {message['statusCode']}"
            totals[name] = totals.get(name, 0) + 1
        listed = [{**message, "outcome": STATUS.get(message["statusCode"], "")} for message in found]
        return {"messages": listed, "totals": {"messages": len(found), **totals}}

    @api.get("/callbacks")
    async def callbacks() -> list[dict[str, Any]]:
        return courier.listing("solapi")

    return api
