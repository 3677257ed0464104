"""Logging in: OAuth 2 and 1.0a, login attempts, redirects, and how long a login is good for."""
