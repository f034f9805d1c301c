"""The command line of Rollcall. Speaks AMQP and HTTP to the app, as any client does."""
