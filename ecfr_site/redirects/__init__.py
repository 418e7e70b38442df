"""Old addresses, and where they lead: rows of django.contrib.redirects' table."""
