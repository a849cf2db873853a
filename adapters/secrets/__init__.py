"""Secrets: passwords and, later, merchants' keys."""
