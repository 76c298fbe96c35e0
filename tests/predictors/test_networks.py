"""Targets that ask a network: what it says is what transformers says, and it goes on after an interruption."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile

from nkululeko import predict
from nkululeko.core.errors import NkululekoError
from nkululeko.core.families import predictors
from nkululeko.predictors.speaker import MOST
from nkululeko.testing.corpus import write_corpus

hf = pytest.importorskip("transformers", reason="NOT TESTED: transformers is not installed")
torch = pytest.importorskip("torch", reason="NOT TESTED: torch is not installed")

_SMALL = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 48}
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


def random_weights(model):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        for parameter in model.parameters():
            torch.nn.init.normal_(parameter, parameter.mean().item(), 0.1)
    return model.eval()


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    folder = tmp_path_factory.mktemp("home")
    write_corpus(folder / "corpus", speakers=2, utterances_per_emotion=1, format="csv")
    return folder


@pytest.fixture(scope="module")
def emotions(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("emotions")
    names = {0: "calm", 1: "upset", 2: "glad"}
    config = hf.Wav2Vec2Config(
        **_SMALL, conv_dim=(16,) * 7, num_conv_pos_embeddings=16, num_conv_pos_embedding_groups=4, vocab_size=12,
        id2label=names, label2id={name: place for place, name in names.items()},
    )  # fmt: skip
    random_weights(hf.Wav2Vec2ForSequenceClassification(config)).save_pretrained(folder)
    hf.Wav2Vec2FeatureExtractor(do_normalize=True).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def whisper(tmp_path_factory) -> Path:
    """A Whisper that babbles, letter by letter."""
    folder = tmp_path_factory.mktemp("whisper")
    words = ["<|endoftext|>", *_LETTERS, "\u0120"]
    vocab = {word: place for place, word in enumerate(words)}
    tokenizer = hf.WhisperTokenizer(vocab=vocab, merges=[], language=None, task=None)
    config = hf.WhisperConfig(
        vocab_size=len(tokenizer), d_model=32, encoder_layers=2, decoder_layers=1, encoder_attention_heads=4,
        decoder_attention_heads=4, encoder_ffn_dim=48, decoder_ffn_dim=48, num_mel_bins=20, pad_token_id=0,
        bos_token_id=0, eos_token_id=0, decoder_start_token_id=1, max_target_positions=16, begin_suppress_tokens=None,
        suppress_tokens=None,
    )  # fmt: skip
    model = random_weights(hf.WhisperForConditionalGeneration(config))
    model.generation_config.max_length = 12
    model.save_pretrained(folder)
    hf.WhisperProcessor(hf.WhisperFeatureExtractor(feature_size=20), tokenizer).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def feelings(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("feelings")
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "good", "bad", "day"]
    tokenizer = hf.BertTokenizerFast(
        vocab={word: place for place, word in enumerate(words)}, model_max_length=24
    )
    config = hf.BertConfig(
        **_SMALL, vocab_size=len(words), max_position_embeddings=24, id2label={0: "negative", 1: "positive"},
        label2id={"negative": 0, "positive": 1},
    )  # fmt: skip
    random_weights(hf.BertForSequenceClassification(config)).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def predicted(home: Path, targets: str, options: str = "", text: bool = False) -> pd.DataFrame:
    table = pd.read_csv(home / "corpus" / "corpus.csv")
    table["file"] = [str(home / "corpus" / name) for name in table["file"]]
    if text:
        table["text"] = ["good day", "bad day"] * (len(table) // 2)
    table.to_csv(home / "table.csv", index=False)
    (home / "exp.ini").write_text(
        f"[EXP]\nroot = {home}/results\nname = exp\nstore = {home}/store\n[DATA]\ndatabases = ['db']\n"
        f"db = {home}/table.csv\ndb.type = csv\ntarget = emotion\n[PREDICT]\ntargets = {targets}\n{options}\n"
    )
    return predict.run(home / "exp.ini").samples


def test_emotion(home, emotions):
    samples = predicted(home, "['emotion']", f"emotion.model = {emotions}")
    model = hf.AutoModelForAudioClassification.from_pretrained(emotions)
    extractor = hf.AutoFeatureExtractor.from_pretrained(emotions)
    for (file, *_), row in samples.iloc[::3].iterrows():
        signal, rate = soundfile.read(file, dtype="float32")
        with torch.inference_mode():
            logits = model(**extractor(signal, sampling_rate=rate, return_tensors="pt")).logits[0]
        expected = logits.softmax(-1).numpy()
        columns = ["emotion_p_calm", "emotion_p_upset", "emotion_p_glad"]
        np.testing.assert_allclose(row[columns].to_numpy(float), expected, rtol=1e-4)
        assert row["emotion_pred"] == ["calm", "upset", "glad"][expected.argmax()]
        assert row["emotion_confidence"] == pytest.approx(expected.max(), rel=1e-4)


def test_text_and_what_is_made_of_it(home, whisper, feelings):
    options = f"text.model = {whisper}\ntextclassification.model = {feelings}"
    samples = predicted(home, "['text', 'textclassification']", options)
    model = hf.WhisperForConditionalGeneration.from_pretrained(whisper)
    processor = hf.AutoProcessor.from_pretrained(whisper)
    (file, *_), row = next(samples.iterrows())
    signal, rate = soundfile.read(file, dtype="float32")
    with torch.inference_mode():
        made = processor(signal, sampling_rate=rate, return_tensors="pt")
        tokens = model.generate(made["input_features"])[0]
    assert (
        row["text_pred"]
        == " ".join(processor.tokenizer.decode(tokens, skip_special_tokens=True).split())
        != ""
    )
    assert set(samples["textclassification_pred"]) <= {"negative", "positive"}


def test_nothing_is_asked_twice(home, whisper, monkeypatch):
    from nkululeko.predictors._whisper import WhisperWords

    first = predicted(home, "['text']", f"text.model = {whisper}")
    monkeypatch.setattr(WhisperWords, "answer", None)  # whoever calls it fails
    again = predicted(home, "['text']", f"text.model = {whisper}")
    pd.testing.assert_series_equal(first["text_pred"], again["text_pred"])


def test_a_model_for_one_language_does_not_translate(home, whisper):
    with pytest.raises(NkululekoError, match="cannot translate"):
        predicted(home, "['translation']", f"translation.model = {whisper}")


def test_classes_of_a_text(home, feelings):
    samples = predicted(home, "['textclassification']", f"textclassification.model = {feelings}", text=True)
    model = hf.AutoModelForSequenceClassification.from_pretrained(feelings)
    tokenizer = hf.AutoTokenizer.from_pretrained(feelings)
    for text, rows in samples.groupby("text"):
        made = tokenizer(text, return_tensors="pt")
        with torch.inference_mode():
            expected = (
                model(input_ids=made["input_ids"], attention_mask=made["attention_mask"])
                .logits[0]
                .softmax(-1)
            )
        np.testing.assert_allclose(rows["textclassification_p_positive"], float(expected[1]), rtol=1e-4)


def test_a_text_must_be_there(home, feelings):
    with pytest.raises(NkululekoError, match=r"have no column text.*targets = \['text'"):
        predicted(home, "['textclassification']", f"textclassification.model = {feelings}")


def test_voices_that_sound_alike():
    random = np.random.default_rng(1)
    centres = random.normal(size=(3, 40))
    who = np.array([0] * 10 + [1] * 6 + [2] * 4)
    frame = pd.DataFrame(centres[who] + random.normal(scale=0.2, size=(20, 40)))
    found = predictors.load("speaker")().convert(frame)["pred"]
    assert list(found) == ["voice_1"] * 10 + ["voice_2"] * 6 + ["voice_3"] * 4
    assert predictors.load("speaker")().convert(frame.iloc[:1])["pred"].tolist() == ["voice_1"]
    with pytest.raises(NkululekoError, match="too many"):
        predictors.load("speaker")().convert(pd.DataFrame(np.zeros((MOST + 1, 2))))


def test_another_kind_of_network(home, emotions, whisper, tmp_path):
    with pytest.raises(NkululekoError, match="target 'text'"):
        predicted(home, "['text']", f"text.model = {emotions}")
    config = json.loads((emotions / "config.json").read_text())
    (tmp_path / "m").mkdir()
    for path in emotions.iterdir():
        (tmp_path / "m" / path.name).write_bytes(path.read_bytes())
    del config["id2label"], config["label2id"]
    (tmp_path / "m" / "config.json").write_text(json.dumps(config))
    with pytest.raises(NkululekoError, match="no names of classes"):
        predicted(home, "['emotion']", f"emotion.model = {tmp_path / 'm'}")
