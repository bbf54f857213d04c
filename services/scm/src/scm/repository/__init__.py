"""All SQL of scm. Functions take the open connection; `lock` in a name means FOR UPDATE."""
