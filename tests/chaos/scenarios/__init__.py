"""Every module here is imported by tests.chaos.scenario; each registers its scenarios."""
