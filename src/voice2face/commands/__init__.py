"""What each command does, between the parsed options and the library."""
