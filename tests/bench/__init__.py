"""`make bench`: how fast it is, beside plain Celery, in one run. See docs/benchmarks.md."""
