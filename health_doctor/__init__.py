"""What the app can examine of its own deployment, for `rollcall doctor`."""
