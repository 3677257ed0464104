"""Settings of every test run in this workspace."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

# A busy machine is no defect, so examples have no time limit of their own; and a run says the same twice.
# `HYPOTHESIS_PROFILE=search` looks for new examples instead.
settings.register_profile("workspace", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("search", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "workspace"))
