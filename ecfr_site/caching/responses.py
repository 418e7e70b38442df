"""Instructions of views to the page cache and the caches in front."""


def cached_fragment(request, name, compute):
    """Return `compute()`, cached as long as pages are, if pages are cached."""
    keep = getattr(request, "cached_fragment_of", None)
    return keep(name, compute) if keep else compute()


def mark_uncacheable(request):
    """Nothing the site links to: what is answered is not worth keeping."""
    request.uncacheable = True


def surrogate_keys(response, *shown):
    """The response, with names of what it shows for caches that remove pages by them.

    "article-7 author-3" in Surrogate-Key, which a CDN takes off.
    """
    response["Surrogate-Key"] = " ".join(
        f"{each._meta.model_name}-{each.pk}" for each in shown
    )
    return response
