"""Every read that is more than a primary key, by audience; each says how many statements it costs."""
