"""What can be reported, and how it goes: categories and numbers."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import get_language
from ninja import Router, Schema

from prasan.fabric.api import ProblemOut, etag, not_modified
from prasan.people.api import KEY_OR_NOT
from prasan.reports.api.schemas import CategoryOut
from prasan.reports.catalogue import catalogue

router = Router(auth=KEY_OR_NOT)


class Categories(Schema):
    """Categories in the city's order."""

    items: list[CategoryOut]


@router.get(
    "/categories",
    response={200: Categories, 304: None, 401: ProblemOut},
    tags=["registers"],
    summary="List categories",
)
def category_list(request: HttpRequest, response: HttpResponse) -> Any:
    """What can be reported."""
    groups = catalogue().groups
    found = [
        {
            "code": category.code,
            "name": category.name,
            "name_th": category.name_th,
            "name_en": category.name_en,
            "group": {"code": category.group, "name": groups[category.group].name},
            "hint": category.hint,
            "needs_photo": category.proof_photo,
        }
        for category in catalogue().categories.values()
    ]
    response["Vary"] = "Accept-Language"
    return not_modified(request, response, etag(found, get_language())) or {"items": found}
