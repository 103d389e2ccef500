"""Arrays as grids of pixels: windows that slide, channels, a Gram matrix."""
