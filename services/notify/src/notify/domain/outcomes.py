"""How a try to deliver, or a question about it, ended. The adapters answer with these and nothing else."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Accepted:
    """The provider has it and will report."""

    provider_id: str | None = None


@dataclass(frozen=True, slots=True)
class Delivered:
    """It arrived (texts) or the mail server took it (e-mail). `delivered_as`: what the provider made of it."""

    provider_id: str | None = None
    delivered_as: str | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """It will never arrive this way. `fell_back`: the provider has tried the next way itself."""

    code: str
    fell_back: bool = False


@dataclass(frozen=True, slots=True)
class Retry:
    """It certainly did not leave; another try may succeed."""

    code: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """Nobody knows whether it left, or what became of it. Never guessed: asked again, or sent under the same name."""

    code: str


@dataclass(frozen=True, slots=True)
class NotFound:
    """The provider was asked and never had it."""


@dataclass(frozen=True, slots=True)
class Skipped:
    """There is nothing to send or nobody to send it to."""

    reason: str


Outcome = Accepted | Delivered | Refused | Retry | Unknown | NotFound | Skipped
