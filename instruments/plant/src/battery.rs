//! Battery of the DUT: coulomb counting, LiFePO4 open-circuit voltage, battery simulator.

use crate::config;
use crate::dispatch::SLOW_S;

/// (state of charge, V per cell) of docs/models.md section 3.
const OCV: [(f64, f64); 15] = [
    (0.0, 2.50),
    (0.02, 2.90),
    (0.05, 3.10),
    (0.10, 3.20),
    (0.20, 3.25),
    (0.30, 3.28),
    (0.40, 3.29),
    (0.50, 3.30),
    (0.60, 3.31),
    (0.70, 3.33),
    (0.80, 3.335),
    (0.90, 3.34),
    (0.95, 3.36),
    (0.98, 3.42),
    (1.00, 3.60),
];
/// Nominal voltage of a cell, V.
const CELL_V: f64 = 3.2;
/// Internal resistance of the pack: drop at one capacity per hour, pu of nominal voltage.
const DROP_AT_1C: f64 = 0.025;
/// Charge efficiency.
const CHARGE_EFFICIENCY: f64 = 0.995;

/// The battery port.
#[derive(Debug, Clone)]
pub(crate) struct BatteryPort {
    config: Option<config::Battery>,
    /// Output relay of the battery simulator.
    pub(crate) on: bool,
    set_v: f64,
    source_a: f64,
    sink_a: f64,
    /// State of charge, 0–1.
    pub(crate) soc: f64,
    /// Current out of the battery, A (> 0 discharges).
    pub(crate) amps: f64,
    /// Charge moved since the state of charge was last counted, A·s.
    moved_as: f64,
    /// Steps of `SLOW_S` at the present current that are not in `moved_as` yet.
    repeated: u64,
}

impl BatteryPort {
    /// Port with the simulator off.
    pub(crate) fn new(config: Option<config::Battery>) -> Self {
        Self {
            config,
            on: false,
            set_v: 0.0,
            source_a: 0.0,
            sink_a: 0.0,
            soc: config.map_or(0.0, |b| b.soc),
            amps: 0.0,
            moved_as: 0.0,
            repeated: 0,
        }
    }

    /// Programs the simulator. A set voltage of 0 leaves the voltage to the cell model.
    pub(crate) fn set(&mut self, on: bool, volts: f64, source_a: f64, sink_a: f64) {
        self.on = on;
        self.set_v = volts;
        self.source_a = source_a.max(0.0);
        self.sink_a = sink_a.max(0.0);
    }

    /// The DUT has a battery and it is connected.
    pub(crate) fn present(&self) -> bool {
        self.on && self.config.is_some()
    }

    /// Terminal voltage, V.
    #[inline]
    pub(crate) fn volts(&self) -> f64 {
        let Some(config) = self.config.filter(|_| self.on) else {
            return 0.0;
        };
        if self.set_v > 0.0 {
            return self.set_v;
        }
        let open = crate::response::curve(&OCV, self.soc) / CELL_V * config.nominal_v;
        let ohm = DROP_AT_1C * config.nominal_v / config.capacity_ah.max(1e-3);
        open - ohm * self.amps
    }

    /// Largest discharge and charge power, W, both ≥ 0.
    #[inline]
    pub(crate) fn limits(&self) -> (f64, f64) {
        let Some(config) = self.config.filter(|_| self.on) else {
            return (0.0, 0.0);
        };
        let v = self.volts();
        let discharge = if self.soc > 0.0 {
            self.source_a.min(config.max_current_a)
        } else {
            0.0
        };
        let charge = if self.soc < 1.0 {
            self.sink_a.min(config.max_current_a)
        } else {
            0.0
        };
        (discharge * v, charge * v)
    }

    /// Voltage and limits do not follow the current.
    pub(crate) fn steady(&self) -> bool {
        !self.present() || self.set_v > 0.0
    }

    /// Takes `watts` (> 0 discharges) for one slow step.
    #[inline]
    pub(crate) fn draw(&mut self, watts: f64) {
        self.flush();
        let v = self.volts();
        self.amps = if watts != 0.0 && v > 0.0 && self.present() {
            watts / v
        } else {
            0.0
        };
        self.repeated = 1;
    }

    /// The last step `n` times more.
    pub(crate) fn repeat(&mut self, n: u64) {
        self.repeated += n;
    }

    fn flush(&mut self) {
        let efficiency = if self.amps < 0.0 {
            CHARGE_EFFICIENCY
        } else {
            1.0
        };
        self.moved_as += efficiency * self.amps * (SLOW_S * self.repeated as f64);
        self.repeated = 0;
    }

    /// Once a second: the charge that has moved is counted.
    pub(crate) fn count(&mut self) {
        self.flush();
        if let Some(config) = self.config {
            let moved = self.moved_as / (3600.0 * config.capacity_ah.max(1e-6));
            self.soc = (self.soc - moved).clamp(0.0, 1.0);
        }
        self.moved_as = 0.0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_hour_at_half_capacity() {
        let mut battery = BatteryPort::new(Some(config::Battery {
            nominal_v: 51.2,
            capacity_ah: 100.0,
            soc: 0.8,
            max_current_a: 100.0,
        }));
        battery.set(true, 50.0, 100.0, 100.0);
        for _ in 0..3600 {
            battery.draw(2500.0);
            battery.repeat(49);
            battery.count();
        }
        assert!((battery.soc - 0.3).abs() < 1e-9, "{}", battery.soc);
        assert_eq!(battery.amps, 50.0);
        assert_eq!(battery.limits(), (5000.0, 5000.0));
    }
}
