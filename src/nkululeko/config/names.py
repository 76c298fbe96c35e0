"""The names that values may have: those of the contract, and those of the plug-ins that are installed.

A name of the contract whose plug-in is missing is not available in this version; any other is unknown.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from nkululeko.core import families
from nkululeko.core.errors import NkululekoError, did_you_mean
from nkululeko.core.plugin import Family


@dataclass(frozen=True)
class Names:
    """The names of one kind.

    Args:
        key: of the family in :mod:`nkululeko.core.families`, which need not exist yet
        noun: how messages call one of them
        contract: the names that users may expect
        also: other spellings, patterns such as ``hubert-*`` included, and the name they mean
        extra: words that are no plug-in and always allowed
    """

    key: str
    noun: str
    contract: tuple[str, ...] = ()
    also: dict[str, str] = field(default_factory=dict)
    extra: tuple[str, ...] = ()

    @property
    def family(self) -> Family[Any] | None:
        """The family of plug-ins; None: this version has none of them."""
        return getattr(families, self.key, None)

    def installed(self) -> list[str]:
        """The names of the plug-ins that exist."""
        return self.family.names() if self.family else []

    def canonical(self, name: str) -> str | None:
        """The name that a spelling means, installed or not; None: nobody knows it.

        Plug-ins are imported for their other spellings only where nobody else knows the name.
        """
        if name in (*self.installed(), *self.extra, *self.contract):
            return name
        for spelling, meant in self.also.items():
            if fnmatchcase(name, spelling):
                return meant
        if self.family and self.family.has(name):
            return self.family.load(name).plugin_name()
        return None

    def is_installed(self, name: str) -> bool:
        """Whether there is a plug-in of that canonical name."""
        return name in self.installed()

    def is_available(self, name: str) -> bool:
        """Whether this version has that canonical name."""
        return name in self.extra or self.is_installed(name)

    def check(self, name: str) -> None:
        """Stop at a name that nobody knows, or that this version does not have.

        Raises:
            ValueError: says which, and the nearest ones
        """
        canonical = self.canonical(name)
        if canonical is None:
            raise ValueError(str(self.unknown(name, "")))
        if not self.is_available(canonical):
            raise ValueError(str(self.unavailable(name, "")))

    def known(self) -> list[str]:
        """Every name that may be written, for hints."""
        plain = [spelling for spelling in self.also if "*" not in spelling]
        return sorted({*self.contract, *self.installed(), *self.extra, *plain})

    def unknown(self, name: str, where: str, prefix: str = "") -> NkululekoError:
        """The error of a name that nobody knows."""
        return NkululekoError(
            f"{prefix}unknown {self.noun} '{name}'", where, did_you_mean(name, self.known())
        )

    def unavailable(self, name: str, where: str, prefix: str = "") -> NkululekoError:
        """The error of a name of the contract that this version does not have."""
        available = ", ".join(sorted({*self.installed(), *self.extra}))
        todo = f"available: {available}" if available else ""
        return NkululekoError(f"{prefix}'{name}' is not available in this version", where, todo)


FEATURES = Names(
    "features",
    "feature set",
    contract=(
        "os", "praat", "mfcc", "mld", "spectra", "import", "lfcc", "cqcc", "sptk", "xbow",
        "wav2vec", "hubert", "wavlm", "whisper", "ast", "audwav2vec2", "auddim", "agender", "agender_agender",
        "audmodel", "trill", "clap", "emotion2vec", "bert", "spkrec",
        "snr", "squim", "mos", "pesq", "sdr", "stoi",
    ),
    also={
        "wav2vec2-*": "wav2vec", "hubert-*": "hubert", "wavlm-*": "wavlm", "whisper-*": "whisper",
        "emotion2vec*": "emotion2vec", "clap-*": "clap", "bert-*": "bert",
    },
)  # fmt: skip
MODELS = Names(
    "models",
    "model",
    contract=(
        "svm", "svr", "xgb", "xgr", "knn", "knn_reg", "tree", "tree_reg", "nb", "gmm", "lin_reg",
        "logreg", "lda", "rf", "rf_reg", "lgbm", "lgbm_reg", "mlp", "mlp_reg", "cnn", "lstm", "lstm_reg", "finetune",
    ),
    also={"bayes": "nb", "finetuned": "finetune"},
)  # fmt: skip
DATABASES = Names("databases", "database type", ("audformat", "csv", "audb", "folder", "parquet"))
SPLITS = Names(
    "splits",
    "split strategy",
    contract=(
        "database", "specified", "speaker_split", "random", "balanced", "reuse", "column",
        "train", "test", "dev", "speakers_stated",
    ),
)  # fmt: skip
SCALERS = Names(
    "scalers",
    "scaler",
    contract=(
        "standard", "robust", "speaker", "bins", "minmax", "maxabs", "normalizer", "powertransformer",
        "quantiletransformer", "none",
    ),
    extra=("auto", "none"),
)  # fmt: skip
BALANCERS = Names(
    "balancers",
    "balancing method",
    contract=(
        "ros", "smote", "adasyn", "borderlinesmote", "svmsmote", "smoteenn", "smotetomek", "clustercentroids",
        "randomundersampler", "editednearestneighbours", "tomeklinks",
    ),
)  # fmt: skip
#: which task each measure of the contract is for
MEASURE_TASKS = {
    **dict.fromkeys(("uar", "acc", "f1", "eer"), "classification"),
    **dict.fromkeys(("mse", "mae", "pcc", "ccc"), "regression"),
}
METRICS = Names("metrics", "measure", tuple(MEASURE_TASKS))
LOSSES = Names(
    "losses",
    "loss",
    ("cross", "f1", "focal", "bce", "weighted_bce", "mse", "mae", "ccc", "pcc"),
    also={"1-ccc": "ccc", "1-pcc": "pcc"},
)  # fmt: skip
AUGMENTERS = Names("augmenters", "augmentation", ("traditional", "random_splice", "auglib"))
SEGMENTERS = Names("segmenters", "segmenter", ("silero", "fixed"))

ALL = {
    names.key: names
    for names in (
        FEATURES,
        MODELS,
        DATABASES,
        SPLITS,
        SCALERS,
        BALANCERS,
        METRICS,
        LOSSES,
        AUGMENTERS,
        SEGMENTERS,
    )
}
