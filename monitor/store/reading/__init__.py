"""What people and programs ask of a store: questions, filters and pages."""
