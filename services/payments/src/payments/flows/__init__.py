"""Use cases that call a provider or orders. The call always stands between two transactions, never inside one."""
