"""The paper's Tables 1-9: their rows as data, and a command that trains, evaluates and prints them."""
