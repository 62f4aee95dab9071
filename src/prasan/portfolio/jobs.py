"""Background work of the portfolio. Every task may run twice."""

from __future__ import annotations

from prasan.fabric.actors import Actor
from prasan.fabric.jobs import periodic_task, task
from prasan.portfolio.actions import prices as price_actions
from prasan.portfolio.actions import proposals_import as workbook_actions
from prasan.portfolio.actions import selection as selection_actions
from prasan.portfolio.actions import silos as silo_actions


@periodic_task("portfolio.silos_publish", cron="41 18 * * *")  # 01:41 in Bangkok
def silos_publish() -> int:
    """This month's silo numbers for the city's indicators."""
    return silo_actions.silos_publish()


@periodic_task(
    "portfolio.confirmations_remind", cron="0 1 1 * *"
)  # 08:00 in Bangkok on the first of the month
def confirmations_remind() -> int:
    """Ask owners to confirm what is told of their systems."""
    return silo_actions.confirmations_remind()


@periodic_task("portfolio.prices_check", cron="53 18 * * *")  # 01:53 in Bangkok
def prices_check() -> int:
    """Hold every price against what others pay by now."""
    return price_actions.prices_check(actor=Actor.system("portfolio.prices"), origin="job")


@periodic_task("portfolio.workbooks_forget", cron="37 * * * *")
def workbooks_forget() -> int:
    """Delete workbooks that were sent and never imported."""
    return workbook_actions.workbooks_forget()


@task("portfolio.scenario_solve")
def scenario_solve(run: int) -> str:
    """Choose under a scenario's limits and say why."""
    return selection_actions.scenario_run_solve(run=run)
