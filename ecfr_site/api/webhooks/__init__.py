"""Webhooks: other programs are told when something is published.

An app's module `webhooks` declares its `EVENTS` and calls `announce`. What is to be
told stands in rows (`models`): tasks may be lost or run twice.
"""
