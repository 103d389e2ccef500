"""Transfer learning: surgery, frozen layers, cached features, heads, and advice on what to freeze."""
