"""Classifiers over larger pictures: `convolutionize`, OverFeat, several scales."""
