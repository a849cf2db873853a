"""Postgres, the only truth: every table, every query and every guard of the product."""
