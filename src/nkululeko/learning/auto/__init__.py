"""Trying many recipes, fusing the best, and saying honestly how good that is: what stands behind ``nkululeko auto``."""
