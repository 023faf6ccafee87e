"""Speech2Face's route: voices regressed onto a face recogniser's feature, faces from features."""
