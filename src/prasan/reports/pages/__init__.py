"""Pages by audience: citizens, the public, the desk."""
