"""Where people with an account begin."""
