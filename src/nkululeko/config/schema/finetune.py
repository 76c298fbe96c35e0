"""``[FINETUNE]``: another place for what [MODEL] says of fine-tuning."""

from __future__ import annotations

from nkululeko.config.declare import Section


class Finetune(Section):
    """Another place for what [MODEL] says of fine-tuning, and for ``balancing``; [MODEL] and [FEATS] go before it."""

    ini_section = "FINETUNE"
    ini_plugins = (("models", "finetune"),)
