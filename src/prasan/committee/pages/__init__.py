"""Pages of committees: thin."""
