//! What lowers the confidence in an origin, and what is known of the text that it is in: each a bit.

/// What lowers the confidence in an entry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Marks(pub(super) u64);

impl Marks {
    /// Went through a library call that no model describes.
    pub(crate) const OBSCURE: Self = Self(1);
    /// Went through a call whose target is a guess.
    pub(crate) const GUESSED: Self = Self(2);
    /// A limit was hit on the way.
    pub(crate) const WIDENED: Self = Self(4);
    /// Only a part of the value.
    pub(crate) const PART: Self = Self(8);
    /// Only a part whose name tells that it is no secret.
    pub(crate) const OTHER_PART: Self = Self(16);
    /// The program raised it, or gave it back as the error of a result.
    pub(crate) const RAISED: Self = Self(32);
    /// Came out of a helper that replaces secrets.
    pub(crate) const REDACTED: Self = Self(64);
    /// Was handed over under the name of a label: which thing it is about, how many there are, where.
    pub(crate) const LABEL: Self = Self(128);
    /// A field of what a library gave that no model describes: rather its answer than what it was given.
    pub(crate) const ANSWER: Self = Self(256);
    /// A copy, whose own fields are its own: `{ ...options }`. What is put into it is not put into the original.
    pub(crate) const COPY: Self = Self(512);
    /// The program asked whether it is a text: no object with fields gets here.
    pub(crate) const TEXT: Self = Self(1024);
    /// If it is a text, one that was read: what it holds has fields again.
    pub(crate) const PARSED: Self = Self(2048);
    /// The text of a script's error, still in it: JSON leaves it out.
    pub(crate) const IN_ERROR: Self = Self(4096);
    /// JSON was made of it.
    pub(crate) const JSON: Self = Self(8192);
    /// It is all of a text that the program serialised, as it was made: it can be read.
    pub(crate) const WRITTEN: Self = Self(268_435_456);
    /// The program asked whether it is an error: none gets here.
    pub(crate) const NO_ERROR: Self = Self(16384);
    /// It was put into a text as scripts do that: of an object no field shows in it.
    pub(crate) const SPOKEN: Self = Self(32768);
    /// The program asked whether it is a text: none gets here.
    pub(crate) const NO_TEXT: Self = Self(65_536);
    /// The program found something of its own under it.
    pub(crate) const OWN: Self = Self(131_072);
    /// It stands behind a `?` in a text.
    pub(crate) const QUERY: Self = Self(262_144);
    /// What stands behind the `?` of a text was cut off.
    pub(crate) const NO_QUERY: Self = Self(524_288);
    /// It stands behind the server in a text, if that is the address of one: behind the first `/` that follows the scheme.
    pub(crate) const PATH: Self = Self(67_108_864);
    /// What stands behind the server of an address was cut off.
    pub(crate) const NO_PATH: Self = Self(134_217_728);
    /// A handler raises it as it is: an error merely passes through.
    pub(crate) const PASSED: Self = Self(1_048_576);
    /// The program asked whether it is a table: what goes through it gets its keys.
    pub(crate) const TABLE: Self = Self(2_097_152);
    /// The program asked whether it is an error of a class that no library raises there: none of a library gets here.
    pub(crate) const OWN_ERROR: Self = Self(4_194_304);
    /// The program asked whether it is an error: nothing else gets here.
    pub(crate) const ERROR: Self = Self(33_554_432);
    /// What stands before the `@` of a URL was overwritten: user and password.
    pub(crate) const NO_USER: Self = Self(16_777_216);
    /// It stands in a text as the password of an address: between the user and the `@`.
    pub(crate) const PASSWORD: Self = Self(4_294_967_296);
    /// The text of something in which the program finds a credential: nothing of it is in what is read from the text.
    pub(crate) const UNREAD: Self = Self(8_589_934_592);
    /// It was made the path of a file.
    pub(crate) const FILE: Self = Self(17_179_869_184);
    /// It is in an error that is raised again only where a function of the program finds something in the error.
    pub(crate) const PICKED: Self = Self(2_147_483_648);
    /// It stands under another text in an error: that is what a text of the error shows, Debug shows both.
    pub(crate) const BENEATH: Self = Self(536_870_912);
    /// It was put into a text that shows of an error only what stands uppermost.
    pub(crate) const UPPERMOST: Self = Self(1_073_741_824);
    /// Of what a value has no room for, this stays: a secret, a stack trace.
    pub(crate) const GRAVE: Self = Self(8_388_608);

    pub(crate) fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(crate) fn lacking(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    pub(super) fn only(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    pub(crate) fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// What of them says that less of a value, or less surely, gets there.
    pub(super) fn bars(self) -> Self {
        let doubts = Self::OBSCURE.with(Self::GUESSED).with(Self::WIDENED).with(Self::PICKED);
        let doubts = doubts.with(Self::PART).with(Self::ANSWER);
        let asked = Self::TEXT
            .with(Self::NO_TEXT)
            .with(Self::NO_ERROR)
            .with(Self::ERROR)
            .with(Self::OWN_ERROR)
            .with(Self::SPOKEN)
            .with(Self::BENEATH)
            .with(Self::UPPERMOST);
        Self(self.0 & doubts.with(asked).with(Self::LABEL).with(Self::silencing()).0)
    }

    /// Those of them because of which nothing is told of a secret.
    fn silencing() -> Self {
        Self::OTHER_PART
            .with(Self::REDACTED)
            .with(Self::OWN)
            .with(Self::NO_QUERY)
            .with(Self::NO_PATH)
            .with(Self::NO_USER)
    }

    /// What is known of a value that came by two ways. Each way has its own bars, and no way has only those that both have: of
    /// the one stay all that is more likely to be told.
    pub(super) fn meet(self, other: Self) -> Self {
        let rank = |bars: Self| {
            let n_silencing = (bars.0 & Self::silencing().0).count_ones();
            (n_silencing, bars.n_doubts(), bars.0.count_ones(), bars.0)
        };
        let bars = [self.bars(), other.bars()].into_iter().min_by_key(|bars| rank(*bars)).unwrap_or_default();
        let both = self.0 & other.0;
        Self(both & !Self(both).bars().0 | bars.0)
    }

    /// What of them tells two things apart that reach the same place: a harmless part of a secret beside the secret itself
    /// (`{ status: error.status, url: error.url }`), a text of an object beside the object, what is no text beside one, what the
    /// program knows beside what it does not.
    pub(super) fn telling(self) -> Self {
        let of_url = Self::NO_QUERY.with(Self::NO_PATH).with(Self::NO_USER);
        Self(
            self.0
                & Self::OTHER_PART
                    .with(Self::SPOKEN)
                    .with(Self::BENEATH)
                    .with(Self::UPPERMOST)
                    .with(Self::NO_TEXT)
                    .with(Self::ERROR)
                    .with(Self::OWN)
                    .with(Self::PICKED)
                    .with(of_url)
                    .0,
        )
    }

    /// What of them keeps two ways apart that one origin came by: a text, and what is no text, have different things in them; so
    /// have an error, and what is none: JSON shows nothing of the one, and the other may be shown as it is. What is raised under a condition is there for another call than what is raised otherwise.
    pub(super) fn apart(self) -> Self {
        self.only(Self::NO_TEXT.with(Self::ERROR).with(Self::NO_ERROR).with(Self::PICKED))
    }

    /// How much of the way is not sure.
    pub(crate) fn n_doubts(self) -> u32 {
        (self.0 & Self::OBSCURE.with(Self::GUESSED).with(Self::WIDENED).with(Self::PICKED).0).count_ones()
    }
}
