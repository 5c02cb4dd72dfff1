"""Fixtures that every kind of test may ask for."""

from hypothesis import HealthCheck, settings

# A property holds or not: how busy the machine is has no say in it.
settings.register_profile("camwatch", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("camwatch")

pytest_plugins = ["tests.support.postgres"]
