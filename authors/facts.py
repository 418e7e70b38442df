"""Public facts of people and programmes, as data.

The read API, JSON-LD and JSON Feed take theirs from here.
"""

from typing import Any

from django.utils import timezone

from authors.models import Author, Position, Programme
from ecfr_site.images.models import Image
from ecfr_site.redirects.paths import get_path
from ecfr_site.richtext.absolute import make_absolute, make_html_absolute
from ecfr_site.richtext.plain_text import web_address


def name_person(author: Author) -> dict[str, Any]:
    """A person as a byline names one; no query."""
    return {
        "slug": author.slug,
        "name": author.name,
        "kind": author.kind,
        "url": make_absolute(author.get_absolute_url()),
        "orcid": author.orcid or None,
    }


def describe_person(author: Author) -> dict[str, Any]:
    """A line of a list: with the present position. For `Author.objects.for_lists()`."""
    position = author.position
    return {
        **name_person(author),
        "api_url": make_absolute(get_path("api:person", author.slug)),
        "sort_name": author.sort_name,
        "standing": author.standing,
        "position": str(position) if position else None,
        "photo": describe_image(author.photo, author.name),
    }


def describe_person_fully(author: Author) -> dict[str, Any]:
    """With positions, present and past, the latest first; needs `links` too."""
    return {
        **describe_person(author),
        "biography_html": make_html_absolute(author.biography),
        "links": [
            {"label": link.label, "url": web_address(link.url)}
            for link in author.links.all()
        ],
        "positions": [describe_position(each) for each in author.positions_begun],
    }


def describe_position(position: Position) -> dict[str, Any]:
    """Post, programme and days; for one with its programme."""
    return {
        "title": position.title,
        "programme": name_programme(position.programme) if position.programme else None,
        **_describe_term(position),
    }


def _describe_term(position: Position) -> dict[str, Any]:
    return {
        "directs": position.directs,
        "started": position.started.isoformat(),
        "ended": position.ended.isoformat() if position.ended else None,
        "current": position.was_held_on(timezone.localdate()),
    }


def name_programme(programme: Programme) -> dict[str, Any]:
    return {
        "slug": programme.slug,
        "name": programme.name,
        "url": make_absolute(programme.get_absolute_url()),
    }


def describe_programme(programme: Any) -> dict[str, Any]:
    """A line of a list; for `Programme.objects.with_directors()`."""
    return {
        **_describe_programme_alone(programme),
        "directors": [_describe_holder(each) for each in programme.directorships],
    }


def describe_programme_fully(programme: Programme) -> dict[str, Any]:
    """With its people, present and former directors among them; one query."""
    people = programme.people()
    return {
        **_describe_programme_alone(programme),
        "description_html": make_html_absolute(programme.description),
        "image": describe_image(programme.image, programme.image_alt),
        **{
            group: [_describe_holder(position) for position in positions]
            for group, positions in people.items()
        },
    }


def _describe_programme_alone(programme: Programme) -> dict[str, Any]:
    return {
        **name_programme(programme),
        "api_url": make_absolute(get_path("api:programme", programme.slug)),
        "summary": programme.summary,
        "active": programme.active,
    }


def _describe_holder(position: Position) -> dict[str, Any]:
    return {
        "person": name_person(position.author),
        "title": position.title,
        **_describe_term(position),
    }


def describe_image(image: Image | None, alt: str) -> dict[str, Any] | None:
    """The largest JPEG there is, with what has to be said with it."""
    if image is None:
        return None
    return {
        "url": make_absolute(image.share_url),
        "alt": alt,
        "credit": image.credit,
        "licence": image.licence,
    }
