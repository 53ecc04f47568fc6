"""Projects: small projects of neighbours, from the idea to what changed."""
