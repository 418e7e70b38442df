"""Sign-in to the desk: passwords, second factor, sessions, accounts."""
