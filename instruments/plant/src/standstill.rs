//! A recorder that sees nothing move needs no waveforms: behind an open switch and an open relay an
//! island dies within tenths of a second, and records of it go on for seconds (docs/models.md 9.4).

use crate::network::state;
use crate::plant::{Plant, SLOW_NS};
use crate::signal::Signal;

/// A load that nothing feeds is dead when less than this fraction of what nominal voltage stores in it
/// is left: a voltage of 1e-9 of nominal, far below the last digit of any sample of a living one.
const DEAD: f64 = 1e-18;

impl Plant {
    /// Nothing that the armed recorder keeps or watches moves in the slow step that begins now.
    #[cold]
    pub(crate) fn recorder_sees_rest(&self) -> bool {
        let capture = self.capture.as_ref();
        capture.is_none_or(|capture| capture.seen().all(|signal| self.stands(signal)))
    }

    /// The signal keeps its value through the slow step that begins now, if no event comes.
    fn stands(&self, signal: Signal) -> bool {
        let (bench, x) = (&self.bench, &self.network.x);
        match signal {
            Signal::GridVoltage | Signal::DutCurrent | Signal::SourceCurrent => {
                let fed = bench.line_conducts() || bench.relay.conducting;
                !fed && x[state::LOAD_C] == 0.0 && x[state::LOAD_L] == 0.0
            }
            Signal::SourceVoltage => !bench.output.conducting,
            Signal::SourceTrigger => {
                let change = bench.source.next_change();
                !bench.source.trigger(self.sim) && change.is_none_or(|t| t > self.sim + SLOW_NS)
            }
            Signal::BackupVoltage | Signal::BackupCurrent => false,
            // orders for them are events, and none is due
            Signal::SwitchContact | Signal::DutRelay | Signal::DrmContact => true,
        }
    }

    /// The rest of a load's oscillation that nothing feeds ends (waveform mode).
    pub(crate) fn end_dead_oscillation(&mut self) {
        let (bench, nominal_v) = (&self.bench, self.config.dut.nominal_v);
        if bench.line_conducts() || bench.relay.conducting {
            return;
        }
        let load = self.network.topology().load;
        let w = self.config.dut.nominal_hz * std::f64::consts::TAU;
        let l_h = load.l_h.unwrap_or(0.0);
        // twice the energies, at nominal voltage and now
        let full = load
            .c_f
            .max(load.l_h.map_or(0.0, |l_h| 1.0 / (w * w * l_h)));
        let living_j = full * nominal_v * nominal_v;
        let x = &mut self.network.x;
        let left_j = load.c_f * x[state::LOAD_C] * x[state::LOAD_C]
            + l_h * x[state::LOAD_L] * x[state::LOAD_L];
        if left_j <= DEAD * living_j {
            x[state::LOAD_C] = 0.0;
            x[state::LOAD_L] = 0.0;
        }
    }

    /// Gives the recorder its samples up to the present slow step, or to `now` when that is less than a
    /// step away.
    pub(crate) fn record_rest(&mut self, reached: bool) {
        if !self.capturing() {
            return;
        }
        let (t, frame) = (if reached { self.now() } else { self.sim }, self.signals());
        if let Some(capture) = &mut self.capture {
            capture.hold(t, &frame);
        }
    }
}
