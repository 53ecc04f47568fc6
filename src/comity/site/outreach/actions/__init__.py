"""What outreach does: each action is one transaction with its entry in the log."""
