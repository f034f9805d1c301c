"""What one stack trusts: certificates and a token key of its own, made anew at each start."""
