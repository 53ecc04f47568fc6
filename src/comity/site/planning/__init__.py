"""Planning: plans that a department cannot write alone."""
