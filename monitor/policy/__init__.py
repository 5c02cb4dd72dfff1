"""Which flows are worth telling: rules as data, what is learnt over weeks, and the life of alerts.

`engine.Engine` is the live side, `findings.Findings` that of a replay; both ask the same rules.
"""
