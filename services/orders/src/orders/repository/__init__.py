"""All SQL of orders. Functions take the open connection; `lock` is the only one that holds an order for a change."""
