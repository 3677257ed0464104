"""What is measured, against which peers, as ratios within one run: `nox -s bench`."""
