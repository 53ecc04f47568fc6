"""What outreach reads."""
