"""Times as the clock on the institution's wall shows them."""

from datetime import UTC, datetime

from django import forms
from django.contrib.admin.widgets import AdminSplitDateTime, BaseAdminTimeWidget
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.formats import date_format


def in_words(moment, year=True):
    """“4 May 2026, 09:00 CEST”."""
    local = timezone.localtime(moment)
    day = date_format(local, "j F Y" if year else "j F")
    return f"{day}, {local:%H:%M %Z}"


def at_wall_time(naive):
    """The moment of a wall-clock time in the current time zone.

    An hour that the clocks show twice means the first time. One that they leave out
    raises ValidationError.
    """
    zone = timezone.get_current_timezone()
    moment = naive.replace(tzinfo=zone, fold=0)
    real = moment.astimezone(UTC).astimezone(zone)
    if real.replace(tzinfo=None) != naive:
        raise ValidationError(
            f"There is no {naive:%H:%M} on {date_format(naive, 'j F Y')}: the clocks "
            f"go forward that night ({zone}). Choose an earlier or a later time.",
            code="no_such_time",
        )
    return moment


def is_shown_twice(moment):
    """Whether the wall clock shows this time a second time, or did before."""
    local = timezone.localtime(moment)
    other = local.replace(fold=1 - local.fold)
    return local.utcoffset() != other.utcoffset()


class WallTimeWidget(BaseAdminTimeWidget):
    """“09:00”: seconds show only where there are any."""

    def format_value(self, value):
        text = super().format_value(value) or ""
        return text[:-3] if text.count(":") == 2 and text.endswith(":00") else text


class WallClockWidget(AdminSplitDateTime):
    def __init__(self, attrs=None):
        super().__init__(attrs)
        self.widgets[1] = WallTimeWidget()


class WallClockField(forms.SplitDateTimeField):
    """A day and a time; Django's own refuses both an hour that is not and one twice."""

    widget = WallClockWidget

    def compress(self, data_list):
        if not data_list:
            return None
        day, time = data_list
        if day in self.empty_values:
            raise ValidationError(
                "Choose the day as well, or empty the time.", code="invalid_date"
            )
        if time in self.empty_values:
            raise ValidationError(
                "Say at what time, or empty the day.", code="invalid_time"
            )
        return at_wall_time(datetime.combine(day, time))
