"""Work that crosses the network: short transactions with calls between them, never a call inside one."""
