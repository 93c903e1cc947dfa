"""Motion-text data sets in HumanML3D's folder format."""
