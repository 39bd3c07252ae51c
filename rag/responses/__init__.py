"""What is said of results, articles and archives in JSON, the same over HTTP and on the command line."""
