"""How right are the verdicts? The sample logs' truth, and incidents written by a generator."""
