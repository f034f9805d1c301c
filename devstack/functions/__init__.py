"""The local Functions host: drives an app through the production worker library."""
