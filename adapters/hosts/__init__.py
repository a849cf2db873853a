"""Hosts that merchants say are theirs."""
