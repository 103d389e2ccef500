"""Data sets: those that come with the installation, and torchvision's."""
