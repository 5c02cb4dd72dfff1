"""The small language of filters and rule conditions: fields, parser, syntax tree."""
