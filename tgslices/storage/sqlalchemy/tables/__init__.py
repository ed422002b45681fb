"""The schema, its versions, its rows and its statements."""
