"""The first minute: a small synthetic corpus and an experiment file that runs on it."""

from __future__ import annotations

from pathlib import Path

from nkululeko.core.progress import progress
from nkululeko.testing.corpus import write_corpus
from nkululeko.testing.speech import STYLES

SPEAKERS, UTTERANCES = 8, 8

EXPERIMENT = """\
; Your first experiment: recognise four emotions in synthetic speech.
; Run it again with:  nkululeko train quickstart.ini
; Everything behind ; is a comment. Change a value, run again, compare the reports.

[EXP]
; results go to results/quickstart, below the folder of the call
root = ./results/
name = quickstart

[DATA]
; a name for the data, and where they are: a CSV file with one line for each audio file;
; to use your own, give it the columns file, speaker and the one to be predicted
databases = ['synthetic']
synthetic = corpus/corpus.csv
synthetic.type = csv
; half of the speakers are kept for the test: nobody is heard in training and in test
synthetic.split_strategy = speaker_split
synthetic.test_size = 50
; the column to predict; try also: gender
target = emotion

[FEATS]
; what is measured in the voice; try also: ['os'], openSMILE's eGeMAPS (for research and personal use only)
type = ['mfcc']
; bring all features to mean 0 and deviation 1, as seen in training
scale = standard

[MODEL]
; who learns: a support vector machine; try also: xgb, knn, logreg
type = svm
"""


def quickstart(folder: str | Path) -> Path:
    """Write a corpus (``folder/corpus``) and an experiment file, unless they are there; shows its progress.

    Args:
        folder: where to; made if it is not there

    Returns:
        the experiment file, ``folder/quickstart.ini``; one that is there is kept as the user left it

    Raises:
        NkululekoError: ``folder/corpus`` holds something else
    """
    folder = Path(folder)
    with progress("synthetic speech", SPEAKERS * UTTERANCES * len(STYLES)) as advance:
        write_corpus(
            folder / "corpus",
            speakers=SPEAKERS,
            utterances_per_emotion=UTTERANCES,
            progress=lambda done, total: advance(),
        )
    experiment = folder / "quickstart.ini"
    if not experiment.exists():
        experiment.write_text(EXPERIMENT, encoding="utf-8")
    return experiment
