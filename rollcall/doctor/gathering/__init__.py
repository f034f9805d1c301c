"""Looks at a deployment from outside, over HTTP and AMQP. Judges nothing."""
