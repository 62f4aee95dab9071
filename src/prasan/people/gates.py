"""Who may enter a page at all; what they may do there is for policies."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth import logout
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse

from prasan.fabric.problems import Forbidden
from prasan.people import second_factor
from prasan.people.models import User

View = Callable[..., HttpResponseBase]


def officers_only(view: View) -> View:
    """Officers enter; strangers are led to the staff sign-in, officers without a second factor to set one up.

    Raises Forbidden for citizens.
    """

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        user = request.user
        if not isinstance(user, User):
            return redirect_to_login(request.get_full_path(), reverse("account_login"))
        if not user.is_officer:
            raise Forbidden
        if second_factor.is_missing(request, user):
            return redirect("mfa_index")
        return view(request, *args, **kwargs)

    return guarded


def signed_in_only(view: View) -> View:
    """Citizens and officers enter, the latter with their second factor; strangers are led to sign in."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        user = request.user
        if not isinstance(user, User):
            return redirect_to_login(request.get_full_path(), reverse("sign_in"))
        return (
            officers_only(view)(request, *args, **kwargs)
            if user.is_officer
            else view(request, *args, **kwargs)
        )

    return guarded


def citizens_only(view: View) -> View:
    """Citizens enter; strangers are led to sign in. Raises Forbidden for officers."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        user = request.user
        if not isinstance(user, User):
            return redirect_to_login(request.get_full_path(), reverse("sign_in"))
        if not user.is_citizen:
            raise Forbidden
        return view(request, *args, **kwargs)

    return guarded


def own_account(view: View) -> View:
    """Officers enter pages of their own sign-in, also before their first second factor, so that they can set it up.

    A session that has not shown a factor which the account has by now (somebody signed in with the password
    before) ends here.
    """

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        user = request.user
        if not isinstance(user, User):
            return redirect_to_login(request.get_full_path(), reverse("account_login"))
        if not user.is_officer:
            raise Forbidden
        if second_factor.is_missing(request, user) and second_factor.is_set_up(user):
            logout(request)
            return redirect("account_login")
        return view(request, *args, **kwargs)

    return guarded
