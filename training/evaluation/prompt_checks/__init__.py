"""Testing whether a checkpoint follows everyday prompts: a suite, checks of the measured motion, a report."""
