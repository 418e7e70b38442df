"""Times as the clock on the institution's wall shows them."""

from datetime import UTC, datetime, timedelta

from django import forms
from django.conf import settings
from django.contrib.admin.widgets import AdminSplitDateTime, BaseAdminTimeWidget
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html

# Nothing is planned for later: a year was mistyped.
FURTHEST = timedelta(days=2 * 366)


def format_moment(moment, year=True):
    """“4 May 2026, 09:00 CEST”."""
    local = timezone.localtime(moment)
    day = date_format(local, "j F Y" if year else "j F")
    return f"{day}, {local:%H:%M %Z}"


def describe_zone():
    """“Brussels time, now CET”: the zone of every time that the desk shows or asks."""
    zone = settings.TIME_ZONE
    now = f"{timezone.localtime():%Z}"
    if "/" not in zone or zone.startswith("Etc/"):
        return now
    city = zone.rpartition("/")[2].replace("_", " ")
    return f"{city} time, now {now}"


def parse_wall_time(naive):
    """The moment of a wall-clock time in the current time zone.

    An hour that the clocks show twice means the first time. One that they leave out
    raises ValidationError.
    """
    zone = timezone.get_current_timezone()
    moment = naive.replace(tzinfo=zone, fold=0)
    try:
        real = moment.astimezone(UTC).astimezone(zone)
    except OverflowError:
        raise ValidationError(
            "Enter a year that exists in calendars.", code="no_such_time"
        ) from None
    if real.replace(tzinfo=None) != naive:
        raise ValidationError(
            f"There is no {naive:%H:%M} on {date_format(naive, 'j F Y')}: the clocks "
            f"go forward that night ({zone}). Choose an earlier or a later time.",
            code="no_such_time",
        )
    return moment


def is_shown_twice(moment):
    """Return whether the wall clock shows this time a second time, or did before."""
    local = timezone.localtime(moment)
    other = local.replace(fold=1 - local.fold)
    return local.utcoffset() != other.utcoffset()


def keep_second_hour(stored, posted):
    """`posted`, or `stored` where both are one time of the hour that comes twice.

    A form cannot say which of the two it means: left alone it stays which it is.
    """
    if not (stored and posted and is_shown_twice(stored)):
        return posted
    stored_wall, posted_wall = (
        timezone.localtime(moment).replace(second=0, microsecond=0, fold=0, tzinfo=None)
        for moment in (stored, posted)
    )
    return stored if stored_wall == posted_wall else posted


class WallTimeWidget(BaseAdminTimeWidget):
    """“09:00”: seconds show only where there are any."""

    def format_value(self, value):
        text = super().format_value(value) or ""
        return text[:-3] if text.count(":") == 2 and text.endswith(":00") else text


class WallClockWidget(AdminSplitDateTime):
    def __init__(self, attrs=None):
        super().__init__(attrs)
        self.widgets[1] = WallTimeWidget()

    def render(self, name, value, attrs=None, renderer=None):
        """With the zone, whatever zone the editor's own clock is in."""
        fields = super().render(name, value, attrs, renderer)
        return format_html(
            '{}<span class="wall-zone">{}</span>', fields, describe_zone()
        )


class WallTimeField(forms.DateTimeField):
    """A day and a time in one field, with the rule of WallClockField."""

    def to_python(self, value):
        try:
            naive = datetime.fromisoformat(value)
        except (TypeError, ValueError):
            return super().to_python(value)
        return parse_wall_time(naive) if timezone.is_naive(naive) else naive


class WallClockField(forms.SplitDateTimeField):
    """A day and a time; Django's own refuses both an hour that is not and one twice."""

    widget = WallClockWidget

    def compress(self, data_list):
        if not data_list:
            return None
        day, time = data_list
        if day in self.empty_values:
            raise ValidationError(
                "Enter a date as well, or clear the time.", code="invalid_date"
            )
        if time in self.empty_values:
            raise ValidationError(
                "Enter a time as well, or clear the date.", code="invalid_time"
            )
        return parse_wall_time(datetime.combine(day, time))


def describe_input(day, time, stored=None):
    """A dict that says what a form with this day and time, as typed, would do.

    `error`, or `words` and the `seconds` until then; empty without a day and a time.
    `stored` is the moment that the form was opened with.
    """
    try:
        moment = WallClockField(required=False).clean([day, time])
    except ValidationError as error:
        return {"error": " ".join(error.messages)}
    moment = keep_second_hour(stored, moment)
    if moment is None:
        return {}
    return {
        "words": format_moment(moment),
        "seconds": (moment - timezone.now()).total_seconds(),
    }


def check_year(moment):
    """Raise ValidationError for a moment to come that nobody means."""
    if moment and moment > timezone.now() + FURTHEST:
        day = date_format(timezone.localtime(moment), "j F Y")
        raise ValidationError(f"{day} is more than two years ahead. Check the year.")
