"""Comparing variants with their source, measuring and rating them."""
