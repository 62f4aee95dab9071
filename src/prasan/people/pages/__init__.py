"""Pages of people: signing in, one's own page, officers, API keys."""
