"""Bodies of requests and the values in them, as the server reads them."""
