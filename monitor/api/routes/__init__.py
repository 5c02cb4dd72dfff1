"""The endpoints, one file a resource. Each states who may ask."""
