"""Reports for demonstrations and measurements: `words` say, `places` lie, `lives` happen, `pictures` show.

Everything is made up from the words in the city's demo.yaml; the same seed and moment give the same reports.
"""
