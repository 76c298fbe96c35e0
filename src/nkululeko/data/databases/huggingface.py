"""A dataset of Hugging Face on disk: a folder that ``datasets`` wrote with ``save_to_disk``."""

from __future__ import annotations

from pathlib import Path

from nkululeko.core.families import Database, Loaded, Request
from nkululeko.core.plugin import Options as BaseOptions
from nkululeko.core.plugin import option


class HuggingfaceOptions(BaseOptions):
    """Which column holds the audio."""

    audio_column: str = option("audio", "the column with the audio")


class Huggingface(Database):
    """A ``Dataset``, or a ``DatasetDict`` whose train, validation and test are the data's own splits."""

    Options = HuggingfaceOptions
    summary = "a folder that Hugging Face datasets wrote with save_to_disk"

    def load(self, request: Request) -> Loaded:
        """See :class:`Database`."""
        from nkululeko.data._datasets import Source, read_folder
        from nkululeko.data.tables import to_loaded

        root = Path(request.path).absolute()
        frame, notes = read_folder(root, Source(self.options.audio_column, request.cache, request.name))
        return to_loaded(frame, request, str(root), [root, *request.folders], notes)
