"""A module whose subscriber takes its time."""
