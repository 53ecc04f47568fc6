"""The pages of planning: for everybody, and for the office."""
