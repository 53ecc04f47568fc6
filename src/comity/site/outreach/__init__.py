"""Outreach: events, profiles, the press page, subscriptions and questions."""
