"""How fast the program is: ``python -m benchmarks [NAME...]`` from the repository's root."""
