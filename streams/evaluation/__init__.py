"""How good diagnoses are: simulated truth, what was said of it, measures, and the fit of the weights."""
