"""Lists of trials, frozen before anything is scored."""
