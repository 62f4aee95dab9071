"""How fast Prasan is, and what it costs: `prasan bench reports`. docs/benchmarks.md holds the results and the method."""
