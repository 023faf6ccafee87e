"""Made-up people whose voices and faces are coupled in a known way."""
