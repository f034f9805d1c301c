"""Azure Table Storage: what a meeting's rows look like, and how they are read and written."""
