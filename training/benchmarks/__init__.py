"""Speed and errors, compared with other implementations."""
