"""The plumbing every service uses. No business noun lives here."""
