"""Reports from other systems: `readers` open a file, `rows` check each row, `importer` writes them in batches."""
