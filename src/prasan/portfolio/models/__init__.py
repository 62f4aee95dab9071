"""Rows of the portfolio: the city's systems, the agencies' proposals, and what people said of their overlap."""

from prasan.portfolio.models.consolidation import (
    ConsolidationPlan,
    MigrationStep,
    PlanActual,
    PlanBaseline,
    PlanCost,
    PlanMember,
    PlanStep,
)
from prasan.portfolio.models.delivery import BudgetFigure, MetricReading, Milestone, Risk
from prasan.portfolio.models.overlaps import Verdict
from prasan.portfolio.models.prices import PriceAnswer, PriceEdition, PriceFlag, PriceLine, ReferencePrice
from prasan.portfolio.models.proposals import (
    Evidence,
    Metric,
    Proposal,
    ProposalCost,
    Relation,
    Step,
    SystemLink,
)
from prasan.portfolio.models.selection import Scenario, ScenarioRun, Score
from prasan.portfolio.models.sheets import ColumnMapping, Workbook
from prasan.portfolio.models.systems import Interface, System, SystemCost

__all__ = [
    "BudgetFigure",
    "ColumnMapping",
    "ConsolidationPlan",
    "Evidence",
    "Interface",
    "Metric",
    "MetricReading",
    "MigrationStep",
    "Milestone",
    "PlanActual",
    "PlanBaseline",
    "PlanCost",
    "PlanMember",
    "PlanStep",
    "PriceAnswer",
    "PriceEdition",
    "PriceFlag",
    "PriceLine",
    "Proposal",
    "ProposalCost",
    "ReferencePrice",
    "Relation",
    "Risk",
    "Scenario",
    "ScenarioRun",
    "Score",
    "Step",
    "System",
    "SystemCost",
    "SystemLink",
    "Verdict",
    "Workbook",
]
