"""The shop's books against the books of the companies it deals with: the sandbox keeps them as they would."""

from shop.audit.outside.bank import BANK
from shop.audit.outside.centres import CENTRES
from shop.audit.outside.mailbox import MAILBOX
from shop.audit.outside.messenger import MESSENGER
from shop.audit.outside.party import Party

PARTIES: tuple[Party, ...] = (BANK, MESSENGER, CENTRES, MAILBOX)

__all__ = ["PARTIES", "Party"]
