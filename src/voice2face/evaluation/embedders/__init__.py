"""Networks and fitted maps that embed faces, and those that read age and gender from them."""
