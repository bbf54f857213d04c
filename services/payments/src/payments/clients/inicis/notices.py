"""Deposit notices: forms Inicis posts until it is answered `OK`. Unsigned, so they only make us look."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote_to_bytes

from payments import errors
from payments.clients.gateway import Notice
from payments.clients.inicis.unproven import DEPOSITED, REVERSED
from payments.clients.inicis.wire import whole

_KINDS_PC = {DEPOSITED: "DEPOSIT", REVERSED: "DEPOSIT_REVERSED"}
_KINDS_MOBILE = {"00": "ISSUED", "02": "DEPOSIT"}
# What is kept. Never the names of who paid, nor account numbers.
_KEPT_PC = ("no_tid", "no_oid", "id_merchant", "cd_bank", "dt_trans", "tm_trans", "amt_input", "type_msg", "cl_close")
_KEPT_MOBILE = ("P_STATUS", "P_TID", "P_MID", "P_OID", "P_AMT", "P_TYPE", "P_AUTH_DT")
_ENCODINGS = ("utf-8", "cp949")


def read(headers: Mapping[str, str], body: bytes, merchant: str) -> Notice:
    """Raises `CallbackUnreadable`; `CallbackForged` when it is about another merchant."""
    fields = decoded(body, headers.get("content-type", ""))
    try:
        notice = _mobile(fields) if "P_STATUS" in fields else _pc(fields)
    except (KeyError, TypeError) as error:
        raise errors.CallbackUnreadable("the notice lacks what it must say") from error
    if merchant and notice.merchant != merchant:
        raise errors.CallbackForged("the notice is about another merchant")
    return notice


def decoded(body: bytes, media: str) -> dict[str, str]:
    """The form's fields, in the character set its header names, else the one that fits. EUC-KR is read as its superset
    cp949, and `+` is a space."""
    _, _, named = media.lower().partition("charset=")
    first = {"euc-kr": "cp949", "ks_c_5601-1987": "cp949"}.get(named.strip(' "'), named.strip(' "'))
    pairs = [pair.partition(b"=") for pair in body.split(b"&") if pair]
    raw = [(unquote_to_bytes(name), unquote_to_bytes(value.replace(b"+", b" "))) for name, _, value in pairs]
    for encoding in (first, *_ENCODINGS) if first else _ENCODINGS:
        try:
            return {name.decode(encoding): value.decode(encoding).strip() for name, value in raw}
        except (UnicodeDecodeError, LookupError):
            continue
    raise errors.CallbackUnreadable("the notice is in no character set we know")


def _pc(fields: Mapping[str, str]) -> Notice:
    kind = _KINDS_PC.get(fields["type_msg"], f"PC_{fields['type_msg'][:20]}")
    named = tuple(fields[name] for name in ("no_tid", "no_oid", "id_merchant", "amt_input", "type_msg"))
    when = (fields.get("dt_trans", ""), fields.get("tm_trans", ""))
    return Notice(
        _digest(*named, *when),
        kind,
        _text(fields["no_oid"], 64),
        _kept(fields, _KEPT_PC),
        key=_text(fields["no_tid"], 60),
        amount=whole(fields["amt_input"]),
        about_payment=kind in _KINDS_PC.values(),
        merchant=_text(fields["id_merchant"], 20),
        may_recur=True,
    )


def _mobile(fields: Mapping[str, str]) -> Notice:
    """P_STATUS 00 is also what a card's success looks like: what type it is about is in the kind."""
    status = fields["P_STATUS"]
    kind = _KINDS_MOBILE.get(status, f"MOBILE_{status[:20]}")
    named = tuple(fields[name] for name in ("P_TID", "P_OID", "P_MID", "P_AMT", "P_STATUS"))
    return Notice(
        _digest(*named, fields.get("P_AUTH_DT", "")),
        f"{kind}_{fields.get('P_TYPE', '')[:20]}".rstrip("_"),
        _text(fields["P_OID"], 64),
        _kept(fields, _KEPT_MOBILE),
        key=_text(fields["P_TID"], 60),
        amount=whole(fields["P_AMT"]),
        about_payment=status in _KINDS_MOBILE,
        merchant=_text(fields["P_MID"], 20),
        may_recur=True,
    )


def _digest(*values: str) -> str:
    """The same notice sent again has the same, whatever else changed in it. So has one that somebody forged within the
    same second: once that was looked into, the true one must be looked into as well (`may_recur`).
    """
    return hashlib.sha256("\x1f".join(values).encode()).hexdigest()


def _kept(fields: Mapping[str, str], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: fields[name][:100].replace("\x00", "") for name in names if name in fields}


def _text(value: str, most: int) -> str:
    if not value or len(value) > most or "\x00" in value:
        raise TypeError("not a name")
    return value
