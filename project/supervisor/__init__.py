"""Everything in one terminal: `manage.py start` runs and watches the site's processes."""
