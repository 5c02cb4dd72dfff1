"""The words that all stages share: columns, facts, records and their closed vocabularies."""
