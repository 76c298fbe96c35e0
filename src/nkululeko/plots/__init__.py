"""Plots: one file a plot, result in, figure out; :func:`draw_all` makes the pictures of a run."""

from nkululeko.plots._draw import Drawing, draw_all, draw_grid, render, warm

__all__ = ["Drawing", "draw_all", "draw_grid", "render", "warm"]
