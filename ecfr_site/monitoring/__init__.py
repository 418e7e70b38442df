"""What operators see of the site: probes, metrics, logs, slow queries, errors."""
