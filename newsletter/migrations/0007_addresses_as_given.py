"""Addresses by IDNA 2008 and without case folding; when somebody changed theirs."""

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import migrations, models
from django.db.models import Max

from ecfr_site.mail.addresses import ascii_address, normalise

single_line = RegexValidator(
    r"[\n\v\f\r\x1c-\x1e\x85\u2028\u2029]",
    "Write it in one line, without line breaks.",
    inverse_match=True,
)
NOT_ASCII = r"[^ -~]"


def unfold_subscribers(apps, schema_editor):
    """`groß@` and `gross@` were one; each row keeps the address that it was given."""
    subscribers = apps.get_model("newsletter", "Subscriber").objects.using(
        schema_editor.connection.alias
    )
    rows = subscribers.filter(email__regex=NOT_ASCII)
    for pk, email, former in list(rows.values_list("pk", "email", "normalised")):
        try:
            normalised = normalise(email)
        except ValidationError:
            continue
        # Nobody is lost to a row that has the address already.
        if normalised != former and not subscribers.filter(normalised=normalised):
            subscribers.filter(pk=pk).update(normalised=normalised)


def mark_folded(apps, schema_editor):
    """Hashes of what may have been folded are compared as before."""
    suppressions = apps.get_model("newsletter", "Suppression").objects.using(
        schema_editor.connection.alias
    )
    folded = models.Q(email="") | models.Q(email__regex=NOT_ASCII)
    suppressions.filter(folded).update(folded=True)


def note_changed_addresses(apps, schema_editor):
    """From the log of consent, so that links in mails to former addresses end."""
    alias = schema_editor.connection.alias
    subscribers = apps.get_model("newsletter", "Subscriber").objects.using(alias)
    changes = (
        apps.get_model("newsletter", "ConsentRecord")
        .objects.using(alias)
        .filter(action="address-changed", subscriber__isnull=False)
        .order_by()
        .values_list("subscriber")
        .annotate(last=Max("at"))
    )
    for pk, last in list(changes):
        subscribers.filter(pk=pk).update(address_changed_at=last)


class Migration(migrations.Migration):
    dependencies = [("newsletter", "0006_forgetting")]

    operations = [
        migrations.AddField(
            "subscriber",
            "address_changed_at",
            models.DateTimeField(editable=False, null=True),
        ),
        migrations.AddField(
            "suppression",
            "folded",
            models.BooleanField(db_default=False, default=False, editable=False),
        ),
        migrations.AlterField(
            "edition",
            "subject",
            models.CharField(blank=True, max_length=150, validators=[single_line]),
        ),
        migrations.AlterField(
            "edition",
            "preheader",
            models.CharField(
                blank=True,
                help_text="The line that mail programs show after the subject.",
                max_length=150,
                validators=[single_line],
            ),
        ),
        migrations.AlterField(
            "newsletter",
            "name",
            models.CharField(max_length=100, validators=[single_line]),
        ),
        migrations.AlterField(
            "newsletter",
            "slug",
            models.SlugField(
                help_text="The last part of the page's address. When it changes, "
                "the old address keeps working.",
                unique=True,
            ),
        ),
        migrations.AlterField(
            "newsletter",
            "sender_name",
            models.CharField(
                blank=True,
                help_text="Empty: the institution's short name.",
                max_length=100,
                validators=[single_line],
            ),
        ),
        migrations.AlterField(
            "newsletter",
            "sender_email",
            models.EmailField(
                blank=True,
                help_text="Its domain must be prepared for sending (see the "
                "operators' guide). Empty: the site's own address.",
                max_length=254,
                validators=[ascii_address],
                verbose_name="sender's address",
            ),
        ),
        migrations.AlterField(
            "newsletter",
            "reply_to",
            models.EmailField(
                blank=True,
                help_text="Empty: to the sender.",
                max_length=254,
                validators=[ascii_address],
                verbose_name="replies go to",
            ),
        ),
        migrations.RunPython(unfold_subscribers, migrations.RunPython.noop),
        migrations.RunPython(mark_folded, migrations.RunPython.noop),
        migrations.RunPython(note_changed_addresses, migrations.RunPython.noop),
    ]
