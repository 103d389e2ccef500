"""Three ways to train on unbalanced classes: weights, balanced sampling, logit adjustment."""
