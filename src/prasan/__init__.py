"""Prasan: one platform on which a city's digital work hangs together."""
