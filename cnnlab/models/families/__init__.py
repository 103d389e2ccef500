"""One paper, one file, one table; the blocks that they share."""
