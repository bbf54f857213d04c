"""The mail inbox: an SMTP server that delivers nothing, and pages to read what came."""
