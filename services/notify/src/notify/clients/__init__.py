"""The mail server and the text provider. Each call answers with an outcome of the domain, and raises nothing."""
