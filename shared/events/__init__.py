"""What became known, as facts, and the CloudEvents that tell them. Values, no I/O."""
