"""Reference pages made from each service's OpenAPI and from the event contracts."""
