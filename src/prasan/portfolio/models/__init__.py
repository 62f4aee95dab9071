"""Rows of the portfolio: the city's systems, the agencies' proposals, and what people said of their overlap."""

from prasan.portfolio.models.overlaps import Verdict
from prasan.portfolio.models.proposals import (
    Evidence,
    Metric,
    Proposal,
    ProposalCost,
    Relation,
    Step,
    SystemLink,
)
from prasan.portfolio.models.sheets import ColumnMapping, Workbook
from prasan.portfolio.models.systems import Interface, System, SystemCost

__all__ = [
    "ColumnMapping",
    "Evidence",
    "Interface",
    "Metric",
    "Proposal",
    "ProposalCost",
    "Relation",
    "Step",
    "System",
    "SystemCost",
    "SystemLink",
    "Verdict",
    "Workbook",
]
