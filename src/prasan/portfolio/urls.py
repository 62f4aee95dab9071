"""Addresses of the portfolio module."""

from __future__ import annotations

from django.urls import URLPattern, path

from prasan.portfolio.pages import consolidation as consolidation_pages
from prasan.portfolio.pages import delivery as delivery_pages
from prasan.portfolio.pages import governor as governor_pages
from prasan.portfolio.pages import prices as prices_pages
from prasan.portfolio.pages import proposals as proposals_pages
from prasan.portfolio.pages import proposals_workbook as proposals_workbook_pages
from prasan.portfolio.pages import public as public_pages
from prasan.portfolio.pages import screening as screening_pages
from prasan.portfolio.pages import selection as selection_pages
from prasan.portfolio.pages import systems as systems_pages
from prasan.portfolio.pages import systems_import as systems_import_pages
from prasan.portfolio.pages import systems_views as systems_views_pages

app_name = "portfolio"

systems: list[URLPattern] = [
    path("systems/", systems_pages.inventory, name="systems"),
    path("systems/new/", systems_pages.new, name="system_new"),
    path("systems/import/", systems_import_pages.import_file, name="systems_import"),
    path("systems/suggestions/", systems_pages.suggestions, name="systems_suggestions"),
    path("systems/due/", systems_pages.due, name="systems_due"),
    path("systems/network/", systems_views_pages.network, name="systems_network"),
    path("systems/capabilities/", systems_views_pages.capabilities, name="systems_capabilities"),
    path("systems/capabilities/cell/", systems_views_pages.cell, name="systems_cell"),
    path("systems/silos/", systems_views_pages.silo_numbers, name="systems_silos"),
    path("system/<str:code>/", systems_pages.system, name="system"),
    path("system/<str:code>/change/", systems_pages.change, name="system_change"),
    path("system/<str:code>/confirm/", systems_pages.confirm, name="system_confirm"),
    path("system/<str:code>/retire/", systems_pages.retire, name="system_retire"),
    path("system/<str:code>/connection/", systems_pages.interface_add, name="interface_add"),
    path(
        "system/<str:code>/connection/<int:interface_id>/remove/",
        systems_pages.interface_remove,
        name="interface_remove",
    ),
]

proposals: list[URLPattern] = [
    path("proposals/", proposals_pages.listing, name="proposals"),
    path("proposals/new/", proposals_pages.new, name="proposal_new"),
    path("proposals/closest/", proposals_pages.closest, name="proposals_closest"),
    path("proposals/questions/", proposals_pages.questions, name="proposals_questions"),
    path("proposals/rules/", proposals_pages.rules, name="proposals_rules"),
    path("proposals/workbook/", proposals_workbook_pages.upload, name="proposals_workbook"),
    path("proposals/workbook/template.xlsx", proposals_workbook_pages.template, name="proposals_template"),
    path("proposals/workbook/<int:number>/", proposals_workbook_pages.check, name="proposals_workbook_check"),
    path("proposal/<str:code>/", proposals_pages.proposal, name="proposal"),
    path("proposal/<str:code>/change/", proposals_pages.change, name="proposal_change"),
    path("proposal/<str:code>/evidence/", proposals_pages.evidence, name="proposal_evidence"),
    path("proposal/<str:code>/likeness/<str:other>/", proposals_pages.verdict, name="proposal_verdict"),
    path("proposal/<str:code>/step/<str:action>/", proposals_pages.step, name="proposal_step"),
    path("screening/", screening_pages.screening, name="screening"),
]

selection: list[URLPattern] = [
    path("scoring/", selection_pages.scoring, name="scoring"),
    path("scoring/<str:code>/", selection_pages.score, name="score"),
    path("scenarios/", selection_pages.scenarios, name="scenarios"),
    path("scenarios/new/", selection_pages.new, name="scenario_new"),
    path("scenarios/compare/", selection_pages.compare, name="scenarios_compare"),
    path("scenario/<int:key>/", selection_pages.scenario, name="scenario"),
    path("scenario/<int:key>/change/", selection_pages.change, name="scenario_change"),
    path("scenario/<int:key>/run/", selection_pages.run, name="scenario_run"),
    path("scenario/<int:key>/mark/", selection_pages.mark, name="scenario_mark"),
    path("run/<int:key>/stop/", selection_pages.stop, name="run_stop"),
    path("run/<int:key>/progress/", selection_pages.progress, name="run_progress"),
]

consolidation: list[URLPattern] = [
    path("consolidation/", consolidation_pages.listing, name="plans"),
    path("consolidation/new/", consolidation_pages.new, name="plan_new"),
    path("consolidation/rules/", consolidation_pages.rules, name="plan_rules"),
    path("consolidation/<str:code>/", consolidation_pages.plan, name="plan"),
    path("consolidation/<str:code>/change/", consolidation_pages.change, name="plan_change"),
    path("consolidation/<str:code>/step/<str:action>/", consolidation_pages.step, name="plan_step"),
]

prices: list[URLPattern] = [
    path("prices/", prices_pages.flags, name="prices"),
    path("proposal/<str:code>/prices/", prices_pages.proposal, name="proposal_prices"),
    path("proposal/<str:code>/prices/change/", prices_pages.change, name="proposal_prices_change"),
    path("proposal/<str:code>/prices/upload/", prices_pages.upload, name="proposal_prices_upload"),
    path("proposal/<str:code>/prices/answer/", prices_pages.answer, name="proposal_prices_answer"),
]

delivery: list[URLPattern] = [
    path("delivery/", delivery_pages.listing, name="deliveries"),
    path("delivery/import/", delivery_pages.import_file, name="spending_import"),
    path("delivery/<str:code>/", delivery_pages.delivery, name="delivery"),
    path("delivery/<str:code>/tell/<str:what>/", delivery_pages.tell, name="delivery_tell"),
    path(
        "delivery/<str:code>/milestone/<int:number>/remove/",
        delivery_pages.milestone_remove,
        name="milestone_remove",
    ),
    path("governor/", governor_pages.governor, name="governor"),
    path("governor/rows/", governor_pages.rows, name="governor_rows"),
]

public: list[URLPattern] = [
    path("open/", public_pages.listing, name="public_projects"),
    path("open/data/ocds.json", public_pages.releases, name="public_releases"),
    path("open/data/datapackage.json", public_pages.datapackage, name="public_datapackage"),
    path("open/data/budget.csv", public_pages.budget, name="public_budget"),
    path("open/<str:code>/", public_pages.project, name="public_project"),
    path("open/<str:code>/ocds.json", public_pages.record, name="public_record"),
]

urlpatterns: list[URLPattern] = [
    *systems,
    *proposals,
    *selection,
    *consolidation,
    *prices,
    *delivery,
    *public,
]
