//! Where the energy goes: from the sources through link and filter to the terminals
//! (docs/models.md 4.7). Every entry is integrated by itself; nothing is made up from the rest.

use crate::dispatch::{PER_S, SLOW_S, Sources, larger, smaller};
use crate::dut::Gate;
use crate::filter::{FilterForms, FilterState, SteadyFlow};
use crate::network::Network;
use crate::phasor::Phasor;
use crate::plant::{Mode, Plant, SLOW_NS};
use crate::quasi_static::{Steady, Terminals};

/// Energy since power-up, J. `residual_j` is zero but for rounding and quadrature.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Energy {
    /// From the PV input.
    pub pv_j: f64,
    /// From the battery terminals (> 0 discharged).
    pub battery_j: f64,
    /// The part of it that was discharged.
    pub battery_out_j: f64,
    /// The part that was charged, ≥ 0.
    pub battery_in_j: f64,
    /// Out of grid port and back-up port (> 0 delivered); taken in front of an open relay, too.
    pub ac_j: f64,
    /// The part of it that was delivered: steps of 20 ms with power out.
    pub ac_out_j: f64,
    /// The part that was taken, ≥ 0.
    pub ac_in_j: f64,
    /// Turned into heat: electronics, filter, standby.
    pub loss_j: f64,
    /// Gain of what dc link and filter hold.
    pub stored_j: f64,
    /// All that went through the dc terminals, in either direction.
    pub throughput_j: f64,
}

impl Energy {
    /// What came in and neither left nor stayed, J.
    #[must_use]
    pub fn residual_j(&self) -> f64 {
        self.pv_j + self.battery_j - self.ac_j - self.loss_j - self.stored_j
    }

    /// What has moved since `before`, J.
    #[must_use]
    pub fn since(&self, before: &Self) -> Self {
        Self {
            pv_j: self.pv_j - before.pv_j,
            battery_j: self.battery_j - before.battery_j,
            ac_j: self.ac_j - before.ac_j,
            battery_out_j: self.battery_out_j - before.battery_out_j,
            battery_in_j: self.battery_in_j - before.battery_in_j,
            ac_out_j: self.ac_out_j - before.ac_out_j,
            ac_in_j: self.ac_in_j - before.ac_in_j,
            loss_j: self.loss_j - before.loss_j,
            stored_j: self.stored_j - before.stored_j,
            throughput_j: self.throughput_j - before.throughput_j,
        }
    }
}

/// What one stretch of time moves, J.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Moved {
    pub(crate) pv_j: f64,
    pub(crate) battery_j: f64,
    pub(crate) ac_j: f64,
    pub(crate) loss_j: f64,
}

/// The sums since power-up, J.
#[derive(Debug, Clone, Copy, Default)]
struct Total {
    pv_j: f64,
    battery_out_j: f64,
    battery_in_j: f64,
    ac_out_j: f64,
    ac_in_j: f64,
    loss_j: f64,
}

impl Total {
    /// Something that has come so many times.
    #[inline(always)]
    fn add(&mut self, moved: &Moved, times: f64) {
        self.pv_j += moved.pv_j * times;
        if moved.battery_j > 0.0 {
            self.battery_out_j += moved.battery_j * times;
        } else {
            self.battery_in_j -= moved.battery_j * times;
        }
        if moved.ac_j > 0.0 {
            self.ac_out_j += moved.ac_j * times;
        } else {
            self.ac_in_j -= moved.ac_j * times;
        }
        self.loss_j += moved.loss_j * times;
    }

    /// With `stored_j` in link and filter. A PV input only gives.
    fn energy(&self, stored_j: f64) -> Energy {
        Energy {
            pv_j: self.pv_j,
            battery_j: self.battery_out_j - self.battery_in_j,
            battery_out_j: self.battery_out_j,
            battery_in_j: self.battery_in_j,
            ac_j: self.ac_out_j - self.ac_in_j,
            ac_out_j: self.ac_out_j,
            ac_in_j: self.ac_in_j,
            loss_j: self.loss_j,
            stored_j,
            throughput_j: self.pv_j + self.battery_out_j + self.battery_in_j,
        }
    }
}

/// The sums, and what has not been added to them yet.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ledger {
    total: Total,
    /// The last slow step, and how often it has come since it was added.
    last: Moved,
    times: u64,
    /// Stored at power-up, J.
    initial_j: f64,
    /// Delivered and lost in the filter since the last slow step (waveform mode), J.
    pub(crate) step_ac_j: f64,
    pub(crate) step_filter_j: f64,
}

impl Ledger {
    /// Begins with so much in link and filter.
    pub(crate) fn new(initial_j: f64) -> Self {
        Self {
            initial_j,
            ..Self::default()
        }
    }

    /// A slow step. Equal ones in a row are counted, so that sums do not depend on how a rest is
    /// cut into pieces.
    // a call would hand it over in memory, written in halves and read as a whole: the processor waits
    #[inline(always)]
    pub(crate) fn slow(&mut self, moved: Moved) {
        if moved == self.last {
            self.times += 1;
            return;
        }
        if self.times == 1 {
            self.total.add(&self.last, 1.0);
        } else {
            self.flush();
        }
        self.last = moved;
        self.times = 1;
    }

    /// The last slow step `n` times more.
    pub(crate) fn repeat(&mut self, n: u64) {
        self.times += n;
    }

    /// Something that does not come in slow steps.
    pub(crate) fn add(&mut self, moved: Moved) {
        self.total = self.flushed();
        self.total.add(&moved, 1.0);
        self.times = 0;
    }

    /// A waveform step delivers and loses.
    #[inline]
    pub(crate) fn wave(&mut self, ac_j: f64, filter_j: f64) {
        self.step_ac_j += ac_j;
        self.step_filter_j += filter_j;
    }

    /// Means over the waveform slow step that ends, W: delivered, lost in the filter.
    pub(crate) fn end_wave(&mut self) -> (f64, f64) {
        let (ac_j, loss_j) = (
            std::mem::take(&mut self.step_ac_j),
            std::mem::take(&mut self.step_filter_j),
        );
        self.add(Moved {
            ac_j,
            loss_j,
            ..Moved::default()
        });
        let seconds = SLOW_NS as f64 * 1e-9;
        (ac_j / seconds, loss_j / seconds)
    }

    #[cold]
    fn flush(&mut self) {
        self.total = self.flushed();
    }

    fn flushed(&self) -> Total {
        let mut total = self.total;
        total.add(&self.last, self.times as f64);
        total
    }
}

impl Plant {
    /// The energy balance of the DUT up to the last step at or before now.
    #[must_use]
    pub fn energy(&self) -> Energy {
        let mut total = self.ledger.flushed();
        let (fed_j, lost_j, seconds) = self.dc.pending();
        let dispatch = &self.dut.dispatch;
        let (pv_j, battery_j) = dispatch.split(&dispatch.sources(), fed_j, seconds);
        total.add(
            &Moved {
                pv_j,
                battery_j,
                ac_j: self.ledger.step_ac_j,
                loss_j: lost_j + self.ledger.step_filter_j,
            },
            1.0,
        );
        let filter_j = match self.mode {
            Mode::Waveform => self.network.stored_j(),
            Mode::QuasiStatic => self.filter_j,
        };
        total.energy(self.dc.stored_j() + filter_j - self.ledger.initial_j)
    }

    /// Books what the sources have fed since the last time (waveform mode).
    pub(crate) fn book_sources(&mut self) {
        let (fed_j, lost_j, seconds) = self.dc.take_pending();
        if seconds == 0.0 {
            return;
        }
        let sources = self.dut.dispatch.sources();
        let (pv_j, battery_j) = self.dut.dispatch.supply(&sources, fed_j, seconds);
        self.ledger.add(Moved {
            pv_j,
            battery_j,
            ac_j: 0.0,
            loss_j: lost_j,
        });
    }

    /// Books what was taken in front of the open relay (waveform mode).
    pub(crate) fn book_port(&mut self) {
        let port_j = std::mem::take(&mut self.port_j);
        if port_j > 0.0 {
            self.ledger.add(Moved {
                ac_j: -port_j,
                loss_j: port_j,
                ..Moved::default()
            });
        }
    }

    /// Phasors of the filter in a steady state; all zero where nothing drives it.
    pub(crate) fn filter_state(&self, steady: &Steady) -> FilterState {
        let filter = self.network.filter();
        let blocked = self.dut.gate() == Gate::Blocked;
        if self.bench.relay.conducting {
            FilterState::new(filter, steady.v, steady.i2, steady.w, blocked)
        } else if self.dut.forming() {
            let v = Phasor::new(self.dut.voltage.level * self.config.dut.nominal_v, 0.0);
            let w = self.dut.voltage.hz * std::f64::consts::TAU;
            FilterState::new(filter, v, v.scale(self.bench.backup_g()), w, blocked)
        } else {
            FilterState::default()
        }
    }

    /// What flows through the filter in a steady state.
    #[inline(always)]
    pub(crate) fn steady_flow(&mut self, steady: &Steady) -> SteadyFlow {
        let (v, i2, w) = if self.bench.relay.conducting {
            (steady.v, steady.i2, steady.w)
        } else if self.dut.forming() {
            let v = Phasor::new(self.dut.voltage.level * self.config.dut.nominal_v, 0.0);
            let w = self.dut.voltage.hz * std::f64::consts::TAU;
            (v, v.scale(self.bench.backup_g()), w)
        } else {
            return SteadyFlow::default();
        };
        let blocked = self.dut.gate() == Gate::Blocked;
        if !self.forms.fits(w, blocked) {
            self.forms = FilterForms::new(self.network.filter(), w, blocked);
        }
        let at = steady.fed.unwrap_or_else(|| Terminals::of(v, i2));
        self.forms.flow(&at)
    }

    /// The slow step of the quasi-static mode: what terminals, filter and electronics took comes
    /// from the sources, and what these cannot give from the dc link.
    #[inline(always)]
    pub(crate) fn move_energy(&mut self, flow: &SteadyFlow, electronics_w: f64, sources: &Sources) {
        let lost_w = flow.loss_w + electronics_w;
        let taken_w = flow.ac_w + lost_w;
        let (least, most) = sources.reach;
        let wanted_w = taken_w - self.dc.excess_j() * PER_S;
        let fed_w = smaller(larger(wanted_w, least), most);
        let stored_j = flow.stored_j - self.filter_j;
        self.filter_j = flow.stored_j;
        self.dc.shift((fed_w - taken_w) * SLOW_S - stored_j);
        let dispatch = &mut self.dut.dispatch;
        let (pv_j, battery_j) = dispatch.split(sources, fed_w * SLOW_S, SLOW_S);
        self.ledger.slow(Moved {
            pv_j,
            battery_j,
            ac_j: flow.ac_w * SLOW_S,
            loss_j: lost_w * SLOW_S,
        });
        dispatch.close_step((pv_j, battery_j), self.dc.excess_j());
    }

    /// Into waveform mode: means become instantaneous values.
    pub(crate) fn energy_to_wave(&mut self, state: &FilterState, turns: f64) {
        let (ac_j, loss_j) = state.swings(self.network.filter(), turns);
        self.ledger.add(Moved {
            ac_j,
            loss_j,
            ..Moved::default()
        });
    }

    /// Out of waveform mode: what oscillates is taken out; by what the phasors differ from the
    /// instantaneous values stays in the link, or is lost in the dividers of a filter that nothing
    /// drives.
    pub(crate) fn energy_from_wave(&mut self, state: &FilterState, turns: f64) {
        self.book_sources();
        self.ledger.end_wave();
        let (ac_j, swing_loss_j) = state.swings(self.network.filter(), turns);
        let before = self.network.stored_j();
        self.filter_j = state.stored_j(self.network.filter());
        let left_j = before + ac_j + swing_loss_j - self.filter_j;
        let driven = self.dut.gate() != Gate::Blocked;
        if driven {
            self.dc.shift(left_j);
        }
        self.ledger.add(Moved {
            ac_j: -ac_j,
            loss_j: -swing_loss_j + if driven { 0.0 } else { left_j },
            ..Moved::default()
        });
    }
}

/// What a waveform step moves through the filter, J.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FilterFlow {
    /// Drawn from the dc link.
    pub(crate) drawn_j: f64,
    /// Delivered at the terminals.
    pub(crate) ac_j: f64,
    /// Lost in resistances.
    pub(crate) loss_j: f64,
}

/// Values and slopes at one end of a step.
#[derive(Debug, Clone, Copy)]
pub(crate) struct End {
    pub(crate) i1: f64,
    pub(crate) i2: f64,
    pub(crate) d1: f64,
    pub(crate) d2: f64,
    /// Between the two inductors, V, and its slope.
    pub(crate) mid: f64,
    pub(crate) d_mid: f64,
}

impl Network {
    /// Integrals over a step of `h` s between two ends, with the bridge voltage held. What is
    /// integrated is taken as the cubic through values and slopes: with the straight line alone the
    /// current of a sine comes out (ωh)²/12 short. The energy at the terminals is what passes the middle of the
    /// filter less what the grid-side inductor loses and gains: unlike the voltage of a terminal that
    /// has no capacitor, that of the middle has a slope which is known and finite.
    ///
    /// The next term of this quadrature (Euler and Maclaurin), h⁴/720 times the gain of the third derivative,
    /// cancels from step to step but where the bridge voltage has changed in between: of reactive power
    /// such changes are in phase with the current and add up to 3e-7 J per var·s. That part is taken along.
    #[inline]
    pub(crate) fn flow(&self, a: &End, b: &End, v_bridge: f64, h: f64) -> FilterFlow {
        let f = self.filter();
        let (half, twelfth) = (0.5 * h, h * h / 12.0);
        let charge = half * (a.i1 + b.i1) + twelfth * (a.d1 - b.d1);
        let square = |x0: f64, x1: f64, d0: f64, d1: f64| {
            half * (x0 * x0 + x1 * x1) + 2.0 * twelfth * (x0 * d0 - x1 * d1)
        };
        let through = half * (a.mid * a.i2 + b.mid * b.i2)
            + twelfth * (a.mid * a.d2 + a.d_mid * a.i2 - b.mid * b.d2 - b.d_mid * b.i2)
            + twelfth * twelfth * 0.2 * self.kink * v_bridge * (b.i2 - a.i2);
        let grid_side = f.r2_ohm * square(a.i2, b.i2, a.d2, b.d2);
        let loss_j = f.r1_ohm * square(a.i1, b.i1, a.d1, b.d1)
            + grid_side
            + f.rd_ohm * square(a.i1 - a.i2, b.i1 - b.i2, a.d1 - a.d2, b.d1 - b.d2);
        FilterFlow {
            drawn_j: v_bridge * charge,
            ac_j: through - grid_side - 0.5 * f.l2_h * (b.i2 * b.i2 - a.i2 * a.i2),
            loss_j,
        }
    }
}
