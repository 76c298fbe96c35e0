"""``measure = eer``: equal error rate."""

from __future__ import annotations

import numpy as np

from nkululeko.core.errors import NkululekoError
from nkululeko.core.families import Metric, Scored
from nkululeko.evaluation.metrics._confusion import label_codes, mean_of_defined
from nkululeko.evaluation.metrics._detection import equal_error_rates


class Eer(Metric):
    """The error rate at the threshold where false alarms (FAR) and misses (FRR) are equally frequent.

    It judges the model's scores, not its decisions. Two classes: the last label is the one looked for, by its
    own score. More classes: the mean over the classes, each against the rest; classes that do not occur in
    the truth are left out of the mean. NaN if only one class occurs.

    Scores are finitely many, so the two rates jump past each other between two neighbouring thresholds; the
    value is then the mean of both rates at that of the two where it is smaller (Maio et al., "FVC2000:
    Fingerprint verification competition", 2002), as in audmetric. One difference: rejecting everything is a
    threshold too, so that equal scores for all samples give 0.5, chance; audmetric has no crossing there,
    warns and gives 1.

    Example:
        >>> truth, prediction = np.array(["a", "a", "b", "b"]), np.array(["a", "b", "b", "b"])
        >>> scores = np.array([[0.9, 0.1], [0.4, 0.6], [0.5, 0.5], [0.2, 0.8]])
        >>> Eer().value(Scored(truth, prediction, ["a", "b"], scores))
        0.5
    """

    tasks = ("classification",)
    higher_is_better = False
    label = "EER"
    needs_scores = True
    summary = (
        "equal error rate: where false alarms and misses of the model's scores are equal, 0..1, chance is 0.5"
    )

    def value(self, scored: Scored) -> float:
        """The figure for all samples; NaN if only one class occurs.

        Raises:
            NkululekoError: the model gives no scores
        """
        one_group = np.zeros(len(scored.truth), dtype=np.intp)
        return float(self.resampled(scored, one_group, np.ones((1, 1), dtype=np.int32))[0])

    def resampled(self, scored: Scored, groups: np.ndarray, counts: np.ndarray) -> np.ndarray:
        """The figure of each resample of groups, shape ``(resamples,)``.

        Raises:
            NkululekoError: the model gives no scores
        """
        if scored.scores is None:
            raise NkululekoError(
                "the measure 'eer' needs scores, and this model gives none, only labels",
                todo="choose another measure, e.g. measure = uar, or a model that gives scores",
            )
        truth, classes = label_codes(scored.truth, scored.labels), len(scored.labels)
        looked_for = [1] if classes == 2 else range(classes)
        rates = [equal_error_rates(truth == c, scored.scores[:, c], groups, counts) for c in looked_for]
        return mean_of_defined(np.stack(rates, axis=-1)) if rates else np.full(len(counts), np.nan)
