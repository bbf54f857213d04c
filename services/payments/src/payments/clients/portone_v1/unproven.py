"""What korea.md does not say of V1, or marks as memory or inferred: the one place to put right."""

from __future__ import annotations

from types import MappingProxyType

# memory: paths korea.md does not name. A README of a client for V1 lists all but the last.
FIND = "/payments/find/{merchant_uid}"
PREPARED = "/payments/prepare/{merchant_uid}"
LIST = "/payments/status/all"
CLOSE_ACCOUNT = "/vbanks/{imp_uid}"
# memory: how the browser's script calls the methods. Easy pay is chosen by its channel, and called a card.
PAY_METHODS = MappingProxyType({"card": "card", "transfer": "trans", "virtual_account": "vbank", "easy_pay": "card"})
# memory: the largest page of a list.
PAGE_SIZE = 100
# memory: a token whose end is so near is not used any more.
TOKEN_MARGIN_SECONDS = 30.0
NAME_MOST = 100
# memory: how long a window that somebody left open may still take the money.
WINDOW_LINGERS_SECONDS = 7200.0
