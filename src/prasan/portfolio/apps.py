from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PortfolioConfig(AppConfig):
    name = "prasan.portfolio"
    label = "portfolio"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from prasan.fabric import decisions
        from prasan.fabric.navigation import NavigationItem, Section, register_section
        from prasan.fabric.navigation import register as add_place
        from prasan.people import scopes
        from prasan.portfolio import (
            capabilities,  # noqa: F401 — has `prasan city check` look at our file too
            policies,
            subjects,
            tiers,  # noqa: F401 — and at portfolio.yaml
        )
        from prasan.portfolio.selection import criteria  # noqa: F401 — and at this one

        register_section(Section(code="portfolio", label=_("Digital projects"), icon="building", order=70))
        add_place(
            NavigationItem(
                url_name="portfolio:systems",
                section="portfolio",
                label=_("Systems"),
                icon="building",
                audience=policies.may_see_portfolio,
                order=70,
            )
        )

        add_place(
            NavigationItem(
                url_name="portfolio:scenarios",
                section="portfolio",
                label=_("Choice"),
                icon="chart",
                audience=policies.may_see_choice,
                order=76,
            )
        )

        add_place(
            NavigationItem(
                url_name="portfolio:proposals",
                section="portfolio",
                label=_("Proposals"),
                icon="list",
                audience=policies.may_see_portfolio,
                order=72,
            )
        )
        add_place(
            NavigationItem(
                url_name="portfolio:deliveries",
                section="portfolio",
                label=_("Decided projects"),
                icon="finished",
                audience=policies.may_see_portfolio,
                order=78,
            )
        )
        add_place(
            NavigationItem(
                url_name="portfolio:governor",
                section="portfolio",
                label=_("Overview"),
                icon="eye",
                audience=policies.may_see_whole_page,
                order=79,
            )
        )
        add_place(
            NavigationItem(
                url_name="portfolio:public_projects", label=_("City projects"), place="footer", order=20
            )
        )
        add_place(
            NavigationItem(
                url_name="portfolio:plans",
                section="portfolio",
                label=_("Consolidation"),
                icon="merge",
                audience=policies.may_see_portfolio,
                order=74,
            )
        )

        add_place(
            NavigationItem(
                url_name="portfolio:prices",
                section="portfolio",
                label=_("Price check"),
                icon="search",
                audience=policies.may_see_whole_page,
                order=75,
            )
        )
        decisions.register(subjects.ProposalKind())

        scopes.register("portfolio:read", _("Read the city's systems"))
        scopes.register("portfolio:write", _("Enter and change the agency's systems"), role="digital_officer")
