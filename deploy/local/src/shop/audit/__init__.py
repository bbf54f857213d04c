"""`shop audit`: holds every service's books against the others', the topics and the outside world's.

From other programs: `look` (one look, the findings as data), `report_of` (looks until the shop has come to rest), `run`
(the same, printed).
"""

from shop.audit.findings import Finding
from shop.audit.run import look, register, report_of, run
from shop.audit.settling import Report

__all__ = ["Finding", "Report", "look", "register", "report_of", "run"]
