"""Networks of any class: batches that memory does not hold, shared loading."""

from __future__ import annotations

import logging

import pytest

from checkpoints import make_checkpoint
from nkululeko.core.errors import NkululekoError
from nkululeko.pretrained.checkpoint import Asker, open_checkpoint
from nkululeko.pretrained.loading import Recipe, in_halves, load_parts

torch = pytest.importorskip("torch", reason="NOT TESTED: torch is not installed")
pytest.importorskip("transformers", reason="NOT TESTED: transformers is not installed")

ASKER = Asker("feature set 'bert'", "FEATS.bert.model", "FEATS.bert.device")


def test_batches_that_memory_does_not_hold(caplog):
    room = 2

    def work(items):  # a card whose memory is full is nothing that a test can have
        if len(items) > room:
            raise torch.OutOfMemoryError("full")
        return [10 * item for item in items]

    assert in_halves(work, [1, 2], "cpu", ASKER) == [10, 20] and not caplog.messages
    with caplog.at_level(logging.WARNING, "nkululeko"):
        assert in_halves(work, [1, 2, 3, 4], "cpu", ASKER) == [10, 20, 30, 40]
    assert caplog.messages == ["feature set 'bert': memory does not suffice for 4 at once: in halves"]
    with pytest.raises(
        NkululekoError,
        match=r"does not suffice for 3 at once; set bert.batch_size = 1, or bert.device = cpu",
    ):
        in_halves(work, [1] * 6, "cpu", ASKER)
    room = 0
    with pytest.raises(NkululekoError, match=r"does not suffice for 1 at once; set bert.batch_size = 1, or"):
        in_halves(work, [1], "cpu", ASKER)


def test_a_network_is_loaded_once(tmp_path):
    folder = make_checkpoint("bert", tmp_path / "bert")
    found = open_checkpoint(str(folder), ("bert",), ASKER, {})
    recipe = Recipe("AutoModel", "AutoTokenizer")
    one, other = (load_parts(found, recipe, "cpu", ASKER) for _ in range(2))
    assert one is other and one.precision == "float32" and not one.model.training
    with one.computing():
        assert not torch.is_grad_enabled() and not torch.is_autocast_enabled("cpu")
    with pytest.raises(
        NkululekoError, match=r"there is no device 'cuda:77' here; expected one of: auto, cpu"
    ):
        load_parts(found, recipe, "cuda:77", ASKER)
