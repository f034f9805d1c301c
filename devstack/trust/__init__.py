"""What one stack trusts: certificates and a token key of its own, made again at each start."""
