"""The public read API, composed of what each app declares in `public_api`.

An app's `router` has its operations; `application` puts them together, `views` answers
by them, `openapi` describes them.
"""
