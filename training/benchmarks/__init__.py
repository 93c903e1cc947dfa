"""Speed and errors, measured beside others."""
