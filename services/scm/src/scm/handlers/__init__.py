"""One function per command: lock, decide, save, publish. None of them commits."""
