"""Training of flows from voices to faces."""
