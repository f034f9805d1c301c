"""What a meeting costs, beside a bare loop and the function as tutorials write it."""
