"""What is read over HTTP: records, sheets, lists, logs, schemas, and the health of the app."""
