"""Settings of every test run in this workspace."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

# A busy machine is no defect: examples have no time limit of their own.
settings.register_profile("workspace", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("workspace")
