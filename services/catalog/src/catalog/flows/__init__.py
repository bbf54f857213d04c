"""Uses of object storage: transactions with calls between them, never a call inside one."""

from catalog.flows.media import ABANDONED_AFTER, UPLOAD_LIFETIME, Media
from catalog.flows.rendering import Rendering
from catalog.flows.transfers import Transfers

__all__ = ["ABANDONED_AFTER", "UPLOAD_LIFETIME", "Media", "Rendering", "Transfers"]
