"""Bags of audio words: all but openXBOW itself, which cannot be installed by a package manager.

In its place stands a small program in Java that takes the same arguments and files, as its manual describes them; it
is compiled here, so that Java, the call and both files are real. Without a Java compiler the tests say so.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import opensmile
import pytest
import soundfile

from nkululeko.core.errors import NkululekoError
from nkululeko.features import _openxbow as openxbow
from nkululeko.features.xbow import Xbow, descriptors, write_descriptors
from nkululeko.testing.speech import SENTENCES, VOICES, style, synthesise

RATE = 16000
#: nearest words by Euclidean distance; the codebook is a line a word
STAND_IN = """
import java.io.*; import java.nio.file.*; import java.util.*;
public class StandIn {
  public static void main(String[] a) throws Exception {
    Map<String, String> o = new HashMap<>();
    for (int i = 0; i < a.length; i++)
      o.put(a[i], i + 1 < a.length && !a[i + 1].startsWith("-") ? a[++i] : "");
    if (!new File("props/options.properties").exists())
      { System.err.println("Error: Cannot read properties file options.properties!"); return; }
    List<float[]> words = new ArrayList<>();
    for (String line : Files.readAllLines(Paths.get(o.get("-b")))) words.add(numbers(line.split(";"), 0));
    int width = Integer.parseInt(o.get("-attributes").replaceAll("n1\\\\[(\\\\d+)\\\\]", "$1"));
    if (words.get(0).length != width) { System.err.println("Error: the codebook has other features."); return; }
    Map<String, float[]> bags = new LinkedHashMap<>();
    for (String line : Files.readAllLines(Paths.get(o.get("-i")))) {
      String[] cells = line.split(";");
      float[] frame = numbers(cells, 1);
      if (frame.length != width) throw new RuntimeException("line of " + frame.length);
      Integer[] order = new Integer[words.size()];
      double[] far = new double[words.size()];
      for (int w = 0; w < far.length; w++) {
        order[w] = w;
        for (int d = 0; d < width; d++) far[w] += Math.pow((double) frame[d] - words.get(w)[d], 2);
      }
      Arrays.sort(order, Comparator.comparingDouble(w -> far[w]));
      float[] bag = bags.computeIfAbsent(cells[0], key -> new float[far.length]);
      for (int n = 0; n < Integer.parseInt(o.get("-a")); n++) bag[order[n]]++;
    }
    try (PrintWriter out = new PrintWriter(o.get("-o"))) {
      for (Map.Entry<String, float[]> bag : bags.entrySet()) {
        out.print(bag.getKey());
        for (float count : bag.getValue()) out.print(";" + count);
        out.println();
      }
    }
  }
  static float[] numbers(String[] cells, int from) {
    float[] found = new float[cells.length - from];
    for (int i = from; i < cells.length; i++) found[i - from] = Float.parseFloat(cells[i]);
    return found;
  }
}
"""


@pytest.fixture(scope="module")
def jar(tmp_path_factory: pytest.TempPathFactory) -> str:
    if not all(shutil.which(program) for program in ("java", "javac", "jar")):
        pytest.skip("NOT TESTED: the call of openXBOW needs a Java compiler (default-jdk-headless)")
    folder = tmp_path_factory.mktemp("open xbow")  # with a blank, as users have it
    (folder / "StandIn.java").write_text(STAND_IN)
    subprocess.run(["javac", "StandIn.java"], cwd=folder, check=True)
    classes = [path.name for path in folder.glob("*.class")]
    subprocess.run(["jar", "cfe", "openXBOW.jar", "StandIn", *classes], cwd=folder, check=True)
    (folder / "props").mkdir()
    (folder / "props" / "options.properties").write_text("")
    return str(folder / "openXBOW.jar")


def voice(number: int) -> np.ndarray:
    return synthesise(VOICES[number], style("neutral"), SENTENCES[number], seed=number).astype(np.float32)


def frames_of(signal: np.ndarray) -> np.ndarray:
    """openSMILE's own table."""
    smile = opensmile.Smile(
        feature_set=opensmile.FeatureSet.eGeMAPSv02,
        feature_level=opensmile.FeatureLevel.LowLevelDescriptors,
    )
    return smile.process_signal(signal, RATE).to_numpy(np.float32)


@pytest.fixture
def codebook(tmp_path: Path) -> Path:
    """Seven frames of a voice."""
    words = frames_of(voice(2))[10:80:10]
    path = tmp_path / "codebook"
    path.write_text("\n".join(";".join(repr(float(value)) for value in word) for word in words))
    return path


def xbow(jar: str | None, codebook: Path | None, **options: object) -> Xbow:
    path = str(codebook) if codebook else None
    return Xbow(Xbow.Options(jar=jar, codebook=path, set="eGeMAPSv02", **options))


@pytest.mark.parametrize("assignments", [1, 3])
def test_bags_are_the_shares_of_the_nearest_words(jar, codebook, assignments):
    extractor = xbow(jar, codebook, assignments=assignments)
    signals = [voice(0), voice(1)]
    found = extractor.extract_batch([extractor.prepare(signal, RATE) for signal in signals])
    words = frames_of(voice(2))[10:80:10].astype(np.float64)
    for row, signal in zip(found, signals, strict=True):
        frames = frames_of(signal)
        far = np.linalg.norm(frames[:, None, :] - words[None], axis=2)
        nearest = np.argsort(far, axis=1)[:, :assignments]
        counts = np.bincount(nearest.ravel(), minlength=7)
        np.testing.assert_allclose(row, counts / (assignments * len(frames)), atol=1e-6)
        assert row.sum() == pytest.approx(1)
    assert extractor.names() == [f"xbow_{word:04d}" for word in range(7)]
    alone = extractor.extract(signals[1], RATE)
    np.testing.assert_array_equal(alone, found[1])


def test_it_is_ready_and_its_version_holds_what_the_files_hold(jar, codebook, tmp_path):
    extractor = xbow(jar, codebook)
    extractor.check_ready()
    elsewhere = tmp_path / "copy"
    elsewhere.write_bytes(codebook.read_bytes())
    assert xbow(jar, elsewhere).version() == extractor.version()
    assert xbow(jar, elsewhere).identity() == extractor.identity() == {"set": "eGeMAPSv02", "assignments": 1}
    elsewhere.write_bytes(codebook.read_bytes() + b"\n")
    assert xbow(jar, elsewhere).version() != extractor.version()


def test_a_codebook_of_other_descriptors_is_told_before_data_are_loaded(jar, tmp_path):
    other = tmp_path / "codebook"
    other.write_text("1.0;2.0\n3.0;4.0\n")
    with pytest.raises(
        NkululekoError, match=r"no bags for 1 of 1 .*codebook has other features.*same 25"
    ) as told:
        xbow(jar, other).check_ready()
    assert "\n" not in str(told.value)


def test_the_frames_of_training_recordings_are_what_openxbow_reads(tmp_path):
    recordings = [tmp_path / "a.wav", tmp_path / "b.wav"]
    for number, recording in enumerate(recordings):
        soundfile.write(recording, voice(number), RATE, subtype="FLOAT")
    assert write_descriptors(recordings, tmp_path / "train.csv", "eGeMAPSv02") == 25
    lines = [line.split(";") for line in (tmp_path / "train.csv").read_text().splitlines()]
    assert {line[0] for line in lines} == {"'r0'", "'r1'"}
    second = np.array([[float(cell) for cell in line[1:]] for line in lines if line[0] == "'r1'"])
    np.testing.assert_allclose(second, frames_of(voice(1)), rtol=1e-6)


def test_what_is_missing_is_one_clear_line(tmp_path, codebook, monkeypatch):
    present = tmp_path / "openXBOW.jar"
    present.write_bytes(b"")
    with pytest.raises(NkululekoError, match=r"there is no xbow\.jar; get openXBOW"):
        xbow(None, codebook).check_ready()
    with pytest.raises(NkululekoError, match=r"there is no xbow\.codebook; learn one from training speakers"):
        xbow(str(present), None).check_ready()
    with pytest.raises(NkululekoError, match=r"FEATS\.xbow\.codebook: there is no file"):
        xbow(str(present), tmp_path / "nowhere").check_ready()
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(
        NkululekoError, match="needs Java: there is no program 'java'; install a Java runtime"
    ):
        xbow(str(present), codebook).check_ready()


@pytest.mark.skipif(shutil.which("java") is None, reason="NOT TESTED: needs java")
def test_a_jar_that_is_none_is_told_in_javas_words(tmp_path, codebook):
    broken = tmp_path / "openXBOW.jar"
    broken.write_bytes(b"no archive")
    with pytest.raises(NkululekoError, match=r"openXBOW gave no bags .*Invalid or corrupt jarfile") as told:
        xbow(str(broken), codebook).names()
    assert "\n" not in str(told.value)


def test_a_line_of_column_names_is_no_bag():
    found = openxbow.read_bags("name,W(0),W(1)\nr0,1.0,0.5\n\n'r1';2;3\n")
    assert {name: bag.tolist() for name, bag in found.items()} == {"r0": [1.0, 0.5], "r1": [2.0, 3.0]}


@pytest.mark.filterwarnings("ignore:Segment too short")
def test_unusable_segments_are_refused():
    with pytest.raises(NkululekoError, match="too short for openSMILE"):
        descriptors(np.zeros(100, np.float32), RATE, "eGeMAPSv02")
    with pytest.raises(NkululekoError, match="not numbers"):
        descriptors(np.full(RATE, np.nan, np.float32), RATE, "eGeMAPSv02")
