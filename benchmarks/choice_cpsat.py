"""One zero-one program by OR-Tools CP-SAT, in a process of its own: it can't share one with some builds of HiGHS.

Reads `{"objective", "rows": [[{variable: part}, low, high]], "seconds"}` of whole numbers from the input, writes
`{"status", "value", "bound", "seconds"}`. Needs `pip install ortools` (Apache-2.0) in the Python that runs it.
"""

from __future__ import annotations

import json
import sys
import time

from ortools.sat.python import cp_model


def main() -> None:
    """Solve what stands on the input."""
    given = json.load(sys.stdin)
    model = cp_model.CpModel()
    variables = [model.new_bool_var(str(index)) for index in range(len(given["objective"]))]
    for terms, low, high in given["rows"]:
        total = sum(part * variables[int(index)] for index, part in terms.items())
        model.add_linear_constraint(total, -(2**60) if low is None else low, 2**60 if high is None else high)
    model.maximize(sum(part * one for part, one in zip(given["objective"], variables, strict=True)))
    solver = cp_model.CpSolver()
    solver.parameters.max_time_in_seconds = given["seconds"]
    solver.parameters.num_workers = 2
    started = time.monotonic()
    status = solver.solve(model)
    found = status in {cp_model.OPTIMAL, cp_model.FEASIBLE}
    json.dump(
        {
            "status": solver.status_name(status),
            "value": solver.objective_value if found else None,
            "bound": solver.best_objective_bound,
            "seconds": time.monotonic() - started,
        },
        sys.stdout,
    )


if __name__ == "__main__":
    main()
