"""What became known, as facts, and the CloudEvents that publish them. Values, no I/O."""
