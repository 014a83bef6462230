"""The processes that run jobs: what is known of them, and what people do to them."""
