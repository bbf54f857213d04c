"""What bodies refuse before anything is done with them."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from common import ids
from payments.schemas.payments import OpenBody, RefundAccountBody

ACCOUNT = {"bank": "88", "account_number": "110-123-456789", "holder_name": "김서연"}


@pytest.mark.parametrize("control", ["\x00", "\n", "\x1b", "\x7f", "\x85"])
class TestControlCharacters:
    @pytest.mark.parametrize("field", ["depositor_name", "bank"])
    def test_none_gets_to_the_provider(self, field, control):
        body = {"order_id": str(ids.new_id()), "provider": "toss", "method": "virtual_account"}
        assert OpenBody.model_validate(body | {field: "박토스"})
        with pytest.raises(ValidationError):
            OpenBody.model_validate(body | {field: f"박{control}토스"})

    @pytest.mark.parametrize("field", sorted(ACCOUNT))
    def test_none_is_sealed_with_a_refund_account(self, field, control):
        assert RefundAccountBody.model_validate(ACCOUNT)
        with pytest.raises(ValidationError):
            RefundAccountBody.model_validate(ACCOUNT | {field: f"8{control}8123456"})
