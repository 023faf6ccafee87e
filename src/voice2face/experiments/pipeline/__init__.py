"""The steps of a reproduction: planned, carried out by several processes, resumed."""
