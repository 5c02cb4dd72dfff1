"""Which flows are worth a finding, and the findings of one run."""
