"""Whether a checkpoint does what everyday sentences ask: a suite, checks of measured motion, a report."""
