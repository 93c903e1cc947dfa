"""Control over what is generated and when."""
