"""What callers send and get: requests become commands, answers are made from a priced cart."""

from __future__ import annotations

# PostgreSQL's text takes no NUL, and a control character in a code or label is always a mistake.
PLAIN = r"^[^\x00-\x1f\x7f]+$"
