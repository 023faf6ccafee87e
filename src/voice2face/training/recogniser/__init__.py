"""A face recogniser that judges what generators make."""
