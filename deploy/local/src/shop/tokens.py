"""Staff tokens for development: HS256 with the instance's own key, until the members service signs people in."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from shop.lifecycle import InstanceName, load

if TYPE_CHECKING:
    from common.clock import Clock

_DEFAULT_HOURS = 8
# What the services ask for (`require`, and cart's shipping rules).
ROLES = ("catalog", "promotions", "orders", "payments", "scm", "notify", "stats")
# Passes for every one of them.
ADMIN = "admin"

tokens = typer.Typer(help="Tokens for trying things out.", no_args_is_help=True)


def mint_staff(
    key: str,
    *,
    subject: str = "dev-staff",
    roles: tuple[str, ...] = ROLES,
    lasts: timedelta = timedelta(hours=_DEFAULT_HOURS),
    clock: Clock | None = None,
) -> str:
    """A bearer token that every service of the instance with this `key` accepts."""
    import jwt

    from common.clock import Clock

    now = (clock or Clock()).now()
    claims = {"sub": subject, "roles": list(roles), "typ": "staff", "iat": now, "exp": now + lasts}
    return jwt.encode(claims, key, algorithm="HS256")


@tokens.command("staff")
def staff(
    role: Annotated[
        list[str] | None,
        typer.Option(help=f"only this role; may be given several times. Known: {', '.join((*ROLES, ADMIN))}"),
    ] = None,
    subject: Annotated[str, typer.Option(help="who it is for")] = "dev-staff",
    hours: Annotated[float, typer.Option(min=0.01, help="how long it is good")] = _DEFAULT_HOURS,
    instance_name: InstanceName = None,
) -> None:
    """Print a staff token for the Authorization header: Bearer <token>. With every role, unless --role narrows it."""
    unknown = sorted(set(role or ()) - {*ROLES, ADMIN})
    if unknown:
        raise typer.BadParameter(f"no service asks for {', '.join(unknown)}; known: {', '.join((*ROLES, ADMIN))}")
    key = load(instance_name).secrets["staff_token_key"]
    print(mint_staff(key, subject=subject, roles=tuple(role or ROLES), lasts=timedelta(hours=hours)))


@tokens.callback()
def _group() -> None:
    """Makes typer keep `staff` as a sub-command."""


def register(app: typer.Typer) -> None:
    """Adds `shop token`."""
    app.add_typer(tokens, name="token")
