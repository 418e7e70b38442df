from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db import transaction

from articles.admin.badges import describe_state
from articles.admin.panels.checklist import show_warnings
from articles.models import Article
from articles.workflow import NotAllowed


@admin.action(description="Publish at the set time", permissions=["publish"])
def publish(model_admin, request, articles):
    for pk in list(articles.values_list("pk", flat=True)):
        try:
            with transaction.atomic():
                # As it is now: a colleague may have changed or published it.
                article = Article.objects.locked(pk)
                article.publish(by=request.user)
        except (NotAllowed, ValidationError) as error:
            reason = " ".join(getattr(error, "messages", [str(error)]))
            model_admin.message_user(request, f"“{article}”: {reason}", "error")
        else:
            model_admin.message_user(
                request,
                f"“{article}”: {describe_state(article).lower()}.",
                "success",
            )
            show_warnings(request, article)
