"""What became of what was acknowledged, and the one line that says so."""

import dataclasses

# As HARDENING's promises: within so many seconds of the end of a fault signups work again.
GAP_MOST = 10.0


def often(said, among):
    times = among.count(said)
    return said if times == 1 else f"{said} ({times:,} times)"


@dataclasses.dataclass
class Outcome:
    """Of one round, or of several together. What is None was not looked at."""

    acknowledged: int = 0
    # Forms that were answered 503 with Retry-After; those whose connection broke; and those nobody listened to.
    refused: int = 0
    unknown: int = 0
    away: int = 0
    # Acknowledged addresses in the database, and those that were mailed.
    stored: int | None = None
    mailed: int | None = None
    # Acknowledged and not stored or not mailed, and mails that were decided and never arrived.
    lost: int = 0
    # Other messages of one kind for one signup; the same message again; and those again more often than faults allow.
    doubled: int = 0
    repeated: int = 0
    often: int = 0
    # Seconds from the end of the fault to the next acknowledged form.
    gap: float | None = None
    # Answers that must not be given, and what else is wrong; each a sentence.
    wrong: list = dataclasses.field(default_factory=list)
    # What is worth knowing, and no fault.
    notes: list = dataclasses.field(default_factory=list)

    def count(self, forms):
        """Counts the answers to forms of this round."""
        for form in forms.sent:
            if form.answer == "wrong":
                self.wrong.append(f"a form was answered {form.said}")
            else:
                setattr(self, form.answer, getattr(self, form.answer) + 1)
        return self

    def look(self, acknowledged, stored):
        """Which of these addresses are in the database."""
        missing = [email for email in acknowledged if email not in stored]
        self.stored, self.lost = len(acknowledged) - len(missing), len(missing)
        if missing:
            self.wrong.append(f"acknowledged and not stored: {missing[0]}")

    def add(self, other):
        for name in ("acknowledged", "refused", "unknown", "away", "lost", "doubled", "repeated", "often"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for name in ("stored", "mailed"):
            if getattr(other, name) is not None:
                setattr(self, name, (getattr(self, name) or 0) + getattr(other, name))
        if other.gap is not None:
            self.gap = max(self.gap or 0.0, other.gap)
        self.wrong += other.wrong
        self.notes += other.notes

    def faults(self):
        """Why it does not hold; empty when it does."""
        told = [f"{getattr(self, name):,} {words}" for name, words in
                (("lost", "lost"), ("doubled", "doubled"), ("often", "repeated too often")) if getattr(self, name)]
        if self.gap is not None and self.gap > GAP_MOST:
            told.append(f"no signups for {self.gap:.1f} s")
        return told + [often(each, self.wrong) for each in dict.fromkeys(self.wrong)]

    def line(self, what):
        """The same for every fault."""
        def known(value):
            return "-" if value is None else f"{value:,}"

        gap = "" if self.gap is None else f"; gap {self.gap:.2f} s"
        noted = "".join(f"; {often(note, self.notes)}" for note in dict.fromkeys(self.notes))
        faults = self.faults()
        return (f"{what}: {self.acknowledged:,} acknowledged, {known(self.stored)} stored, {known(self.mailed)} "
                f"mailed, {self.lost:,} lost, {self.doubled:,} doubled, {self.repeated:,} repeated; "
                f"{self.refused:,} refused, {self.unknown:,} unknown, {self.away:,} away{gap}{noted}: "
                + (f"FAILED: {'; '.join(faults)}" if faults else "holds"))
