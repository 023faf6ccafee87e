"""Files shipped with the package: models, and small networks that others made."""
