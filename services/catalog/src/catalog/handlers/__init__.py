"""One function per command: lock, decide, save, publish. The transaction is the caller's."""
