"""Reads of committees. Each says how many SQL statements it costs."""
