"""Moving in: articles of another system, read into neutral records and then saved."""
