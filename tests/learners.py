"""Which models the common tests give plain numbers to."""

from __future__ import annotations

from nkululeko.core.families import models

#: models that learn from features; those that start from sound have tests of their own
OF_FEATURES = [name for name in models.names() if not models.load(name).takes_recordings]
