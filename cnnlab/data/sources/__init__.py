"""The data sets that come with the installation, and torchvision's."""
