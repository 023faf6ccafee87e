"""How a network learns to show the closed form's face as a photograph would."""
