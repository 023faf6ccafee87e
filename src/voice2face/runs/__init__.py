"""What trainings leave behind in their folders, and how they compare; no torch here."""
