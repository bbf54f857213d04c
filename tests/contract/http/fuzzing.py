"""Schemathesis against one service: what it found, and how the calls ended."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import schemathesis
from schemathesis import Case, HookContext, engine
from schemathesis.config import SchemathesisConfig
from schemathesis.core.failures import AcceptedNegativeData, Failure
from schemathesis.core.transport import Response
from schemathesis.engine import Status, events
from tests.contract.http.calls import Guide
from tests.contract.http.known import Known

_CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "response_headers_conformance",
    "negative_data_rejection",
)

_AT_THE_DOOR = {400, 401, 403, 405}


@dataclass(frozen=True)
class Plan:
    """How deep to look: random calls per operation, whether every edge of every field is tried, random walks through
    operations that follow from each other. Without `seed` every run makes the same calls.
    """

    examples: int
    edges: bool = False
    walks: int = 0
    seed: int | None = None

    def config(self) -> SchemathesisConfig:
        return SchemathesisConfig.from_dict(
            {
                "seed": self.seed or 0,
                "continue-on-failure": True,
                "warnings": False,
                "request-timeout": 60,
                "max-redirects": 0,
                "output": {"sanitization": {"enabled": False}},
                "generation": {"deterministic": self.seed is None, "database": "none", "no-shrink": True},
                "checks": {"enabled": False} | {name: {"enabled": True} for name in _CHECKS},
                "phases": {
                    "examples": {"enabled": True},
                    "coverage": {"enabled": self.edges},
                    "fuzzing": {"generation": {"max-examples": self.examples}},
                    "stateful": {"enabled": self.walks > 0, "generation": {"max-examples": max(self.walks, 1)}},
                },
            }
        )


@dataclass
class Report:
    """`answers` by operation and status; `found` says what was wrong and how to ask for it again."""

    answers: dict[str, Counter[int]] = field(default_factory=dict)
    found: dict[str, str] = field(default_factory=dict)

    @property
    def calls(self) -> int:
        return sum(sum(statuses.values()) for statuses in self.answers.values())

    @property
    def never_well(self) -> list[str]:
        """Operations that no call got through to."""
        return sorted(label for label, statuses in self.answers.items() if not any(status < 400 for status in statuses))

    @property
    def locked(self) -> list[str]:
        """Operations that no call got into, however it was made: nothing was learned of them."""
        return [label for label, statuses in self.answers.items() if set(statuses) <= _AT_THE_DOOR]

    def take(self, event: Any) -> None:
        if isinstance(event, events.NonFatalError):
            self.found[f"{event.label}: {event.info.title}"] = event.info.format()
        if not isinstance(event, events.ScenarioFinished):
            return
        recorder = event.recorder
        for case_id, interaction in recorder.interactions.items():
            label = recorder.cases[case_id].value.operation.label
            status = interaction.response.status_code if interaction.response else 0
            self.answers.setdefault(label, Counter())[status] += 1
        for case_id, checks in recorder.checks.items():
            label = recorder.cases[case_id].value.operation.label
            for check in checks:
                if check.status == Status.FAILURE and check.failure_info is not None:
                    failure = check.failure_info.failure
                    what = f"{label}: {failure.title}: {failure.message[:200]}"
                    self.found.setdefault(what, check.failure_info.code_sample)


def fuzz(url: str, known: Known, plan: Plan) -> Report:
    """Asks the service at `url` everything its document allows, and much that it does not."""
    guide = Guide(known)

    @schemathesis.hook
    def before_call(context: HookContext, case: Case, kwargs: dict[str, Any]) -> None:
        guide.lead(case)

    @schemathesis.hook
    def filter_failure(context: HookContext, failure: Failure, case: Case, response: Response) -> bool:
        # A body that may be left out may be null, and one may be too large: Schemathesis takes both for mistakes.
        fair = case.body is None or response.status_code == 413
        return not (isinstance(failure, AcceptedNegativeData) and fair)

    report = Report()
    try:
        schema = schemathesis.openapi.from_url(f"{url}/openapi.json", config=plan.config())
        for event in engine.from_schema(schema).execute():
            report.take(event)
    finally:
        schemathesis.hooks.unregister(before_call)
        schemathesis.hooks.unregister(filter_failure)
    return report
