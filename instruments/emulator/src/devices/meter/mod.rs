//! Single-phase energy meters in the line between grid and DUT, as the DUT reads them. Power and
//! current are positive when the grid delivers (import).

pub(crate) mod ddsu666;
pub(crate) mod sdm120;

use gridproof_plant::Nanos;
use gridproof_plant::input::Input;
use gridproof_plant::signal::MeterPoint;

use crate::field::{Field, MILLISECOND};

/// Period of the measurement: the plant's metering window at 50 Hz.
const WINDOW: Nanos = 200 * MILLISECOND;
/// J per kWh.
const KWH: f64 = 3.6e6;

/// What a meter measures, whatever its registers are.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Measuring {
    next: Nanos,
    /// End of the last window that was counted.
    counted: Nanos,
    /// J, active, from the grid.
    import_j: f64,
    /// J, active, to the grid.
    export_j: f64,
    /// var s, inductive from the grid's side.
    import_vars: f64,
    /// var s, the other way.
    export_vars: f64,
    silent: bool,
}

/// Values at one instant.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Values {
    /// V.
    pub(crate) volts: f64,
    /// A, ≥ 0.
    pub(crate) amps: f64,
    /// W, > 0 import.
    pub(crate) watts: f64,
    /// var, sign as of the watts.
    pub(crate) vars: f64,
    /// VA, ≥ 0.
    pub(crate) va: f64,
    /// Power factor with the sign of the watts; 1 without current.
    pub(crate) factor: f64,
    /// Hz.
    pub(crate) hz: f64,
    /// kWh.
    pub(crate) import_kwh: f64,
    /// kWh.
    pub(crate) export_kwh: f64,
    /// kvarh.
    pub(crate) import_kvarh: f64,
    /// kvarh.
    pub(crate) export_kvarh: f64,
}

impl Measuring {
    /// The present window, and the energies so far.
    pub(crate) fn values(&self, field: &Field) -> Values {
        let source = field.plant.reading(MeterPoint::Source);
        let va = source.volts * source.amps;
        Values {
            volts: source.volts,
            amps: source.amps,
            watts: source.watts,
            vars: source.vars,
            va,
            factor: if va > 1.0 {
                (source.watts / va).clamp(-1.0, 1.0)
            } else {
                1.0
            },
            hz: source.hz,
            import_kwh: self.import_j / KWH,
            export_kwh: self.export_j / KWH,
            import_kvarh: self.import_vars / KWH,
            export_kvarh: self.export_vars / KWH,
        }
    }

    /// It says nothing.
    pub(crate) fn silent(&self) -> bool {
        self.silent
    }

    /// It falls silent, also to the DUT, or speaks again.
    pub(crate) fn silence(&mut self, silent: bool, field: &mut Field) {
        self.silent = silent;
        field.plant.apply(Input::MeterSilence(silent));
    }

    /// Sets the energies back to zero.
    pub(crate) fn clear(&mut self) {
        *self = Self {
            next: self.next,
            counted: self.counted,
            silent: self.silent,
            ..Self::default()
        };
    }

    /// When the next window ends.
    pub(crate) fn next_event(&self) -> Nanos {
        self.next
    }

    /// Counts the windows that have ended.
    pub(crate) fn on_time(&mut self, field: &Field) {
        if field.now() < self.next {
            return;
        }
        let source = field.plant.reading(MeterPoint::Source);
        let seconds = source.at_ns.saturating_sub(self.counted) as f64 * 1e-9;
        self.counted = source.at_ns.max(self.counted);
        let split = |rate: f64| (rate.max(0.0) * seconds, (-rate).max(0.0) * seconds);
        let (import, export) = split(source.watts);
        self.import_j += import;
        self.export_j += export;
        let (import, export) = split(source.vars);
        self.import_vars += import;
        self.export_vars += export;
        self.next = (field.now() / WINDOW + 1) * WINDOW;
    }
}

/// A word of a single-precision number, high word first.
fn word(value: f64, low: bool) -> u16 {
    let bits = (value as f32).to_bits();
    if low {
        bits as u16
    } else {
        (bits >> 16) as u16
    }
}
