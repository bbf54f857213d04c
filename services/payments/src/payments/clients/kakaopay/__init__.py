"""KakaoPay single payment."""

from payments.clients.kakaopay.gateway import KakaoPayAccess, KakaoPayGateway

__all__ = ["KakaoPayAccess", "KakaoPayGateway"]
