"""Feature set ``agender_agender``: age and gender by audEERING's network (Burkhardt et al. 2023)."""

from __future__ import annotations

from nkululeko.features._heads import AGE_MODEL, HeadOutputs
from nkululeko.features._transformer import NetworkOptions, model_option
from nkululeko.pretrained.heads import AGE_GENDER


class AgenderOutputsOptions(NetworkOptions):
    """Which network."""

    model: str = model_option(AGE_MODEL)


class AgenderOutputs(HeadOutputs):
    """``age`` in years; ``female``, ``male`` and ``child``: probabilities that sum up to 1."""

    Options = AgenderOutputsOptions
    heads = AGE_GENDER
    summary = "age in years, probabilities of female, male and child, as a pretrained network hears them"
