"""Notebooks run, tidied and exported as pages."""
