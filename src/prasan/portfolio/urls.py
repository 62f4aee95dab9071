"""Addresses of the portfolio module."""

from __future__ import annotations

from django.urls import URLPattern, path

from prasan.portfolio.pages import proposals as proposals_pages
from prasan.portfolio.pages import proposals_workbook as proposals_workbook_pages
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

urlpatterns: list[URLPattern] = [*systems, *proposals, *selection]
