"""tgslices."""
