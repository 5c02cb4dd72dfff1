"""What people and programs read: flow lines, summary, findings, HTML, manifest."""
