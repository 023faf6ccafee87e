"""The method of Wen et al.: a generator against a discriminator and a classifier."""
