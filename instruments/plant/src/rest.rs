//! Is the bench at rest? Then every slow step would repeat the last one, and time may run on
//! without computing any (docs/models.md 9.4).

use crate::Nanos;
use crate::plant::{Plant, SLOW_NS};

/// Slow quantities that a state may hold.
const ROOM: usize = 64;
/// A quantity that moved less than this in a slow step is still: pu, pu·s or Hz. With a time
/// constant of 1.5 s this stops an approach 7.5e-6 pu before its end; it then goes on once a second.
const STILL: f64 = 1e-7;
/// Rest is looked for once in this time, right after the battery and the temperature have moved.
const EVERY_NS: u64 = 1_000_000_000;

/// All quantities that move with the slow functions, in a fixed order and of magnitude one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fingerprint {
    values: [f64; ROOM],
    count: usize,
}

impl Fingerprint {
    /// Nothing seen.
    pub(crate) const fn new() -> Self {
        Self {
            values: [0.0; ROOM],
            count: 0,
        }
    }

    /// One more quantity. More than there is room for is a mistake in the model: it then never rests.
    #[inline]
    pub(crate) fn add(&mut self, value: f64) {
        if self.count < ROOM {
            self.values[self.count] = value;
        }
        self.count += 1;
    }

    /// Nothing has moved since `before`.
    pub(crate) fn still(&self, before: &Self) -> bool {
        self.count == before.count
            && self.count <= ROOM
            && self.values[..self.count]
                .iter()
                .zip(&before.values[..self.count])
                .all(|(a, b)| a == b || (a - b).abs() < STILL)
    }
}

impl Plant {
    /// The slow step that ends at `end` is one after which rest may begin.
    pub(crate) fn looks_for_rest(&self, end: Nanos) -> bool {
        (end % EVERY_NS == SLOW_NS || self.sim == self.look_from) && !self.bench.source.moving()
    }

    /// A step in which the powers of the DUT moved by so many W and var: when they stand, the next
    /// one looks whether everything does.
    pub(crate) fn note_stillness(&mut self, p_w: f64, q_var: f64) {
        let still = STILL * self.config.dut.rated_apparent_va;
        if p_w.abs() < still && q_var.abs() < still {
            self.look_from = self.sim;
        }
    }

    /// All slow quantities now.
    pub(crate) fn fingerprint(&self) -> Fingerprint {
        let mut f = Fingerprint::new();
        let v = self.config.dut.nominal_v;
        f.add(self.steady.v.re / v);
        f.add(self.steady.v.im / v);
        f.add(self.steady.w);
        f.add(self.dut.voltage.hz);
        f.add(self.dc.excess_j());
        self.dut.slow_fingerprint(&mut f);
        f
    }

    /// Rest has been found at `sim`: until just before the battery and the temperature move again.
    pub(crate) fn begin_rest(&mut self) {
        self.rest_until = (self.sim / EVERY_NS + 1) * EVERY_NS - SLOW_NS;
    }

    /// Repeats the last slow step as often as rest, `due` event, source and `now` allow; false
    /// when not once.
    pub(crate) fn repeat(&mut self, due: Option<Nanos>) -> bool {
        let mut until = self.rest_until.min(self.now());
        for event in [due, self.bench.source.next_change()].into_iter().flatten() {
            until = until.min(event.saturating_sub(1));
        }
        let n = until.saturating_sub(self.sim) / SLOW_NS;
        if n == 0 {
            return false;
        }
        self.sim += n * SLOW_NS;
        self.bench.source.advance(self.sim);
        self.settle_meters();
        self.meters.repeat(self.sim, n);
        self.ledger.repeat(n);
        self.site.repeat(n);
        self.dut.repeat(n);
        true
    }
}
