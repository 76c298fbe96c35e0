"""Audio: what files hold, and reading segments of them."""
