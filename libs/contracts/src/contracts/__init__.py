"""Every event of the shop, defined once.

A publisher owns its events; a consumer reads the same class and ignores fields it does not know. Inside a
version only optional fields may be added: the committed JSON schemas under `libs/contracts/schemas` are checked
both ways by `tests/contract`.
"""
