"""Surveys that nobody can trace: questionnaires, samples, letters, answers, free text, results."""
