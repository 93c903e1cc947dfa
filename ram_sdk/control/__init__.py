"""What a caller wants of a motion beyond its text."""
