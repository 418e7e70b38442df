"""Who signs in to the desk, and how: passwords, second factor, sessions, accounts."""
