"""From a bundle to what another server runs: its layout, its configuration, and a program where it needs one.

choice -> triton, tfs, mlserver, kserve (files for each server) -> exporting (written in one step)
"""
