"""What looks inside a network: its layers, parts, activations and reasons."""
