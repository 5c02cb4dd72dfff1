"""The shapes of answers, one file a resource. What is not known is null."""
