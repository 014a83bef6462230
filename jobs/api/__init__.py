"""The HTTP API: a door for programs, beside the pages and the admin."""
