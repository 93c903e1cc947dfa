"""Whether a checkpoint does what everyday sentences ask: sentences, checks of measured motion, and a report."""
