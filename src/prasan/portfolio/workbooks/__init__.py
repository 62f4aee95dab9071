"""Excel and CSV tables: the template handed out, and reading what people really send."""
