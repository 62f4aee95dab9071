"""Django's texts that Prasan says in its own Thai, named here so that the catalogue's check knows them."""

from django.utils.translation import gettext_noop as _

FORMS = (
    _("This field is required."),
    _("Enter a valid email address."),
    _("Enter a valid value."),
    _("Select a valid choice. %(value)s is not one of the available choices."),
    _("The submitted file is empty."),
    _("No file was submitted. Check the encoding type on the form."),
    _("Enter a whole number."),
    _("Enter a number."),
    _("Enter a valid date."),
)
