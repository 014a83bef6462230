"""Batuta as it comes, with the tasks that measure it."""
