"""Session data: fragments are declared, coded as JSON, held by one task at a time, and written when they changed."""
