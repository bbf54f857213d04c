"""One function per command: lock, decide, save, post, publish. None of them calls a provider or commits."""
