"""Monitoring: probes, metrics, logs, slow queries, errors."""
