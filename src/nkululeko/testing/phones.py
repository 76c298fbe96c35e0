"""The sounds of the synthetic language: a letter each, and how a sentence is read."""

from __future__ import annotations

from dataclasses import dataclass

from nkululeko.core.errors import NkululekoError, did_you_mean


@dataclass(frozen=True)
class Phone:
    """One speech sound.

    Args:
        duration: in s, unaccented, at a rate of 1
        formants: F1, F2, F3 in Hz of an adult male
        voicing: amplitude of the voice, 0..1
        noise: amplitude of the friction noise, 0..1
        centre: of the noise, in Hz
        width: of the noise, in Hz (standard deviation of a bell)
        vowel: it carries a syllable
        pitch: what it adds to the pitch of the voice, in semitones (intrinsic pitch: Whalen & Levitt 1995);
            of a voiceless consonant: what it adds to the beginning of the next sound
    """

    duration: float
    formants: tuple[float, float, float] = (500, 1500, 2500)
    voicing: float = 0.0
    noise: float = 0.0
    centre: float = 3000.0
    width: float = 1000.0
    vowel: bool = False
    pitch: float = 0.0


def _vowel(f1: float, f2: float, f3: float, pitch: float) -> Phone:
    return Phone(0.105, (f1, f2, f3), voicing=1.0, vowel=True, pitch=pitch)


#: vowels after Peterson & Barney (1952), consonants after Klatt (1980), both rounded
PHONES: dict[str, Phone] = {
    "a": _vowel(730, 1150, 2440, -0.4),
    "e": _vowel(440, 1950, 2550, 0.0),
    "i": _vowel(290, 2250, 2980, 0.5),
    "o": _vowel(460, 850, 2400, 0.0),
    "u": _vowel(320, 780, 2300, 0.5),
    "m": Phone(0.065, (280, 1000, 2200), voicing=0.45),
    "n": Phone(0.060, (280, 1500, 2500), voicing=0.45),
    "l": Phone(0.055, (350, 1250, 2750), voicing=0.6),
    "w": Phone(0.055, (300, 700, 2250), voicing=0.5),
    "j": Phone(0.055, (280, 2200, 2950), voicing=0.5),
    "v": Phone(0.060, (280, 1050, 2300), voicing=0.35, noise=0.05, centre=5000, width=2500),
    "z": Phone(0.070, (280, 1600, 2550), voicing=0.3, noise=0.20, centre=6000, width=1000),
    "b": Phone(0.060, (220, 900, 2200), voicing=0.12),
    "d": Phone(0.055, (220, 1700, 2600), voicing=0.12),
    "g": Phone(0.060, (220, 2000, 2250), voicing=0.12),
    "f": Phone(0.090, (320, 1050, 2300), noise=0.10, centre=5000, width=2500, pitch=1.0),
    "s": Phone(0.100, (320, 1600, 2550), noise=0.40, centre=6000, width=900, pitch=1.0),
    "x": Phone(0.095, (320, 1750, 2450), noise=0.40, centre=3200, width=800, pitch=1.0),  # as in 'ash'
    "p": Phone(0.070, (300, 900, 2200), pitch=1.0),
    "t": Phone(0.065, (300, 1700, 2600), pitch=1.0),
    "k": Phone(0.070, (300, 2000, 2250), pitch=1.0),
    ",": Phone(0.180),
}

#: the noise of the release that follows a voiceless stop
BURSTS: dict[str, Phone] = {
    "p": Phone(0.018, (350, 1000, 2250), noise=0.12, centre=1200, width=1200, pitch=1.0),
    "t": Phone(0.024, (350, 1700, 2600), noise=0.30, centre=4500, width=1300, pitch=1.0),
    "k": Phone(0.028, (350, 1950, 2300), noise=0.25, centre=2100, width=700, pitch=1.0),
}

#: an accented vowel is longer by this factor, the last vowel of a phrase by the next
ACCENT, FINAL = 1.30, 1.35

#: ten sentences of the synthetic language; a capital carries an accent, a comma is a pause
SENTENCES: tuple[str, ...] = (
    "malOna vetIsu do lAmi",
    "sunE, falitO melAno",
    "di vatOle ximAno suwE",
    "zelA monU, te balInofe",
    "kOnu dimElas wo pAli",
    "no temIla, sufO landA",
    "jalU venO kasIme to",
    "bo limAnex, su dEwola",
    "fE namulo, xitAve gOni",
    "wami dosEln upAte zOlu",
)


@dataclass(frozen=True)
class Sound:
    """A phone in its place in a sentence.

    Args:
        phone: the sound
        start: in s, at a rate of 1
        duration: in s, at a rate of 1
        accented: it carries a pitch accent
    """

    phone: Phone
    start: float
    duration: float
    accented: bool

    @property
    def centre(self) -> float:
        """Its middle, in s."""
        return self.start + self.duration / 2


def read(sentence: str) -> list[list[Sound]]:
    """The sounds of a sentence, a list a phrase, timed at a rate of 1 from 0 s on.

    Args:
        sentence: letters of :data:`PHONES`; a capital vowel is accented, a comma is a
            pause, blanks are not heard

    Raises:
        NkululekoError: a letter is unknown, or there is none

    Example:
        >>> [len(phrase) for phrase in read("mAlo, sE")]
        [4, 2]
    """
    letters = [letter for letter in sentence if not letter.isspace()]
    unknown = [letter for letter in letters if letter.lower() not in PHONES]
    if unknown or not any(letter != "," for letter in letters):
        what = f"unknown sound '{unknown[0]}'" if unknown else "no sounds"
        raise NkululekoError(
            what, f"sentence '{sentence}'", did_you_mean(unknown[0] if unknown else "", PHONES)
        )
    phrases: list[list[Sound]] = [[]]
    time = 0.0
    for position, letter in enumerate(letters):
        phone = PHONES[letter.lower()]
        if letter == ",":
            phrases.append([])
            time += phone.duration
            continue
        accented = letter.isupper()
        factor = (ACCENT if accented else 1.0) * (FINAL if _last_vowel(letters, position) else 1.0)
        for part in [phone, *([BURSTS[letter.lower()]] if letter.lower() in BURSTS else [])]:
            duration = part.duration * (factor if part.vowel else 1.0)
            phrases[-1].append(Sound(part, time, duration, accented and part.vowel))
            time += duration
    return [phrase for phrase in phrases if phrase]


def _last_vowel(letters: list[str], position: int) -> bool:
    """Whether no further vowel follows in the phrase."""
    for letter in letters[position + 1 :]:
        if letter == ",":
            break
        if PHONES[letter.lower()].vowel:
            return False
    return PHONES[letters[position].lower()].vowel
