"""Price check: units and names made comparable, robust statistics, flags. Pure; docs/prices.md tells the method."""
