"""`prasan reports train` and `prasan reports evaluate`: no database, no Django."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from prasan.reports.triage.evaluation import Evaluation
    from prasan.reports.triage.labelled import LabelledReports
    from prasan.reports.triage.model import Model

LEAST_ROWS = 80  # a category with fewer labelled rows is not learnt unless it is named

Subparsers = Any  # argparse keeps the type private


def add_parsers(subparsers: Subparsers) -> None:
    """Adds the verbs ``train`` and ``evaluate``; each sets `run`, a callable on the parsed arguments."""
    file_help = "parquet or CSV with the columns comment and category (labels separated by commas)"
    train = subparsers.add_parser("train", help="train the triage model on labelled reports")
    train.add_argument("file", type=Path, help=file_help)
    train.add_argument("--out", type=Path, default=Path("model.npz"), help="model file to write (model.npz)")
    train.add_argument("--seed", type=int, default=0, help="same file, same seed: same model (0)")
    train.add_argument("--folds", type=int, default=5, help="parts held out in turn for the numbers (5)")
    train.add_argument(
        "--categories",
        help=f"categories to learn, separated by commas (all with at least {LEAST_ROWS} rows)",
    )
    train.set_defaults(run=run_train)
    judge = subparsers.add_parser("evaluate", help="measure the triage model on labelled reports")
    judge.add_argument("file", type=Path, help=file_help)
    judge.add_argument("--model", type=Path, help="model file (the one shipped)")
    judge.add_argument("--json", action="store_true", help="print the totals as JSON")
    judge.set_defaults(run=run_evaluate)


def run_train(arguments: argparse.Namespace) -> int:
    """0, or 2 when the file or the target can't be used."""
    from prasan.reports.triage.labelled import BadFile

    try:
        return _train(arguments)
    except (BadFile, OSError) as error:
        return _complain(error)


def run_evaluate(arguments: argparse.Namespace) -> int:
    """0, or 2 when the file or the model can't be used."""
    from prasan.reports.triage.evaluation import evaluate
    from prasan.reports.triage.labelled import BadFile, read_labelled
    from prasan.reports.triage.model import SHIPPED, BadModel, Model

    try:
        model, reports = Model.load(arguments.model or SHIPPED), read_labelled(arguments.file)
        result = evaluate(model, reports)
    except (BadFile, BadModel) as error:
        return _complain(error)
    if arguments.json:
        print(json.dumps(result.as_json(), ensure_ascii=False))
    else:
        show(result)
    return 0


def _train(arguments: argparse.Namespace) -> int:
    from prasan.reports.triage.labelled import BadFile, read_labelled
    from prasan.reports.triage.training import train

    reports = read_labelled(arguments.file)
    if not arguments.out.parent.is_dir():
        raise BadFile(f"There is no folder {arguments.out.parent}.")
    categories = _categories(reports, arguments.categories)
    with _Bar() as bar:
        trained = train(
            reports, categories, seed=arguments.seed, fold_count=arguments.folds, progress=bar.show
        )
    trained.model.save(arguments.out)
    print(f"Held out in {arguments.folds} folds (copies of a text never on both sides):")
    show(trained.held_out)
    show_calibration(trained.model)
    print(f"{arguments.out}: {arguments.out.stat().st_size / 1e6:.1f} MB, trained on all rows")
    return 0


class _Bar:
    """A progress bar on a terminal, a line per step elsewhere."""

    def __enter__(self) -> _Bar:
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        self.bar = Progress(TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
        self.bar.start()
        self.task = self.bar.add_task("reading", total=1.0)
        return self

    def show(self, done: str, share: float) -> None:
        self.bar.update(self.task, description=done, completed=share)
        if not self.bar.console.is_terminal:
            print(f"{share:4.0%}  {done}", flush=True)

    def __exit__(self, *raised: object) -> None:
        self.bar.stop()


def _categories(reports: LabelledReports, named: str | None) -> list[str]:
    from prasan.reports.triage.labelled import BadFile

    counts = reports.counts()
    if named is None:
        found = [name for name, rows in counts.most_common() if rows >= LEAST_ROWS]
        if not found:
            raise BadFile(f"No category has {LEAST_ROWS} labelled rows; name some with --categories.")
        return found
    wanted = [name.strip() for name in named.split(",") if name.strip()]
    if absent := [name for name in wanted if not counts[name]]:
        raise BadFile(f"No row is labelled {', '.join(absent)}.")
    return wanted


def _complain(error: Exception) -> int:
    print(f"prasan: {error}", file=sys.stderr)
    return 2


def show(result: Evaluation) -> None:
    """A table per category and the totals."""
    from rich.console import Console
    from rich.table import Table

    table = Table("category", *("rows", "precision", "recall", "F1"))
    for line in sorted(result.categories, key=lambda line: -line.rows):
        shares = (f"{share:.3f}" for share in (line.precision, line.recall, line.f1))
        table.add_row(line.category, f"{line.rows:,}", *shares)
    console = Console()
    console.print(table)
    console.print(
        f"{result.rows:,} rows; {result.left_out:,} without a category the model knows were left out\n"
        f"top-1 {result.top1:.4f}  top-3 {result.top3:.4f}  "
        f"micro-F1 {result.micro_f1:.4f}  macro-F1 {result.macro_f1:.4f}\n"
        f"routed by itself: {result.auto_coverage:.1%}, {result.auto_precision:.2%} of them right\n"
        f"{result.texts_per_second:,.0f} texts a second",
        highlight=False,
    )


def show_calibration(model: Model) -> None:
    """The limit for routing and each category's threshold."""
    limits = zip(model.categories, model.decision.thresholds.tolist(), strict=True)
    print(f"Routes by itself from probability {model.decision.confident:.3f}. A category applies from:")
    print("  " + ", ".join(f"{category} {threshold:.2f}" for category, threshold in limits))


def main() -> int:
    parser = argparse.ArgumentParser(prog="prasan reports")
    add_parsers(parser.add_subparsers(required=True, metavar="train | evaluate"))
    arguments = parser.parse_args()
    code: int = arguments.run(arguments)
    return code


if __name__ == "__main__":
    sys.exit(main())
