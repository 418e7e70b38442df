from articles.admin.panels.panel import Panel
from articles.documents.addresses import build_document_path
from articles.models import Document


class DocumentsPanel(Panel):
    """`documents`: what is made of the live page, or why it is not; two queries."""

    def get_context(self, request, article):
        if article is None or not article.pk or not article.original.is_public:
            return {}
        original = article.original
        attachments = original.attachments.all()
        own = next((each for each in attachments if each.is_full_text), None)
        rows = Document.objects.filter(article=original.pk, version=original.version)
        documents = []
        for row in rows.order_by("-format"):
            if not (own and row.format == Document.Format.PDF):
                row.path = build_document_path(original.slug, row.version, row.format)
                documents.append(row)
        return {
            "documents_shown": True,
            "documents": documents,
            "own_pdf": own,
            "documents_failed": any(each.error for each in documents),
            "may_make_documents": original.may_be_changed_by(request.user),
            "documented": original,
        }
