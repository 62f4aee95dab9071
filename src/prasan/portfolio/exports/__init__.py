"""Decided projects as open data: Open Contracting Data Standard and Fiscal Data Package. Pure: rows in, text out."""
