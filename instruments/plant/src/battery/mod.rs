//! Battery port of the DUT: the battery simulator, or a pack of cells with its management system.
//!
//! The simulator imposes its set voltage: then there are no cells, charge is counted against the
//! simulator's capacity, and its own current limits bound the DUT. The pack takes its place on a
//! bench without a simulator. Cells and management step once a second; in between the pack is a voltage
//! behind a resistance. The DUT needs the messages of the management system either way.

mod bms;
mod cell;
mod link;
mod pack;
mod view;

use self::bms::{Management, Permitted, Seen};
use self::link::Link;
use self::pack::Cells;
use crate::config;
use crate::dispatch::SLOW_S;

pub use self::bms::Guard;
pub use self::view::PackView;

/// Charge efficiency.
const CHARGE_EFFICIENCY: f64 = 0.995;

/// What the battery sees around it in a second.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Around {
    /// °C.
    pub(crate) ambient_c: f64,
    /// The DUT has another source to wake a pack from.
    pub(crate) fed: bool,
    /// The DUT is switched off and says nothing.
    pub(crate) asleep: bool,
}

/// What is wired to the port.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Wired {
    /// The battery simulator: set voltage, V, limits out and in, A.
    Simulator {
        volts: f64,
        source_a: f64,
        sink_a: f64,
    },
    /// The pack.
    Pack,
}

/// The battery port.
#[derive(Debug, Clone)]
pub(crate) struct BatteryPort {
    fitted: Option<Fitted>,
    wired: Wired,
    /// Output relay of the battery simulator, or the breaker of the pack.
    on: bool,
    /// Current out of the battery, A (> 0 discharges).
    pub(crate) amps: f64,
    /// Charge that went out and in since it was last counted, A·s ≥ 0.
    moved_as: (f64, f64),
    /// Steps of `SLOW_S` at the present current that are not in `moved_as` yet.
    repeated: u64,
    /// Voltage behind a resistance that stands on the port until the next second: V, Ω.
    source: (f64, f64),
    /// Largest discharge and charge power until then, W ≥ 0.
    reach_w: (f64, f64),
    /// The DUT draws so many times its current while it carries a back-up overload.
    overload: f64,
    /// Largest discharge power then, W.
    overload_w: f64,
}

/// What belongs to a DUT that has a battery.
#[derive(Debug, Clone)]
struct Fitted {
    config: config::Battery,
    /// State of charge behind an imposed voltage, 0–1.
    counted: f64,
    cells: Cells,
    management: Management,
    link: Link,
    celsius: f64,
    /// The messages of the management system do not get through.
    silent: bool,
    /// The pack is switched on.
    awake: bool,
    /// Since when there was no communication, s.
    silent_s: f64,
    /// The DUT has put voltage on the terminals of a pack that is off for so long, s.
    waking_s: f64,
}

impl Fitted {
    fn new(config: config::Battery, celsius: f64) -> Self {
        let cells = Cells::new(&config.pack, config.soc, celsius);
        let seen = Seen {
            cells: cells.extremes(0.0),
            celsius,
            amps: 0.0,
        };
        let management = Management::new(config.pack, &seen);
        Self {
            counted: config.soc,
            link: Link::new(&config.pack, management.permitted()),
            cells,
            management,
            celsius,
            silent: false,
            awake: true,
            silent_s: 0.0,
            waking_s: 0.0,
            config,
        }
    }

    /// A second of the pack on the port, during which `moved_as` went out and in.
    fn pack_second(&mut self, moved_as: (f64, f64), around: &Around) {
        let (fed, silent) = (around.fed, self.silent || around.asleep);
        let pack = &self.config.pack;
        self.cells.warm(self.celsius);
        let volts = self.cells.source().0;
        let own_as = if self.awake && volts > 0.0 {
            pack.own_w / volts
        } else {
            0.0
        };
        let amps = moved_as.0 - moved_as.1;
        let counted_as = moved_as.0 - CHARGE_EFFICIENCY * moved_as.1 + own_as;
        self.cells.second(amps + own_as, counted_as);
        let cells = self.cells.extremes(amps);
        if self.awake {
            self.management.second(&Seen {
                cells,
                celsius: self.celsius,
                amps,
            });
            let limit = pack.off_silent_s.unwrap_or(f64::INFINITY);
            self.silent_s = if silent {
                (self.silent_s + 1.0).min(limit)
            } else {
                0.0
            };
            let empty = pack.off_v.is_some_and(|level| cells.0 < level);
            // with voltage on its terminals an empty pack stays on: it is about to be charged
            if (empty && !fed) || (silent && self.silent_s >= limit) {
                self.awake = false;
                self.waking_s = 0.0;
            }
        } else {
            self.waking_s = if fed { self.waking_s + 1.0 } else { 0.0 };
            if self.waking_s > 0.0 && self.waking_s >= pack.wake_s {
                self.awake = true;
                self.silent_s = 0.0;
            }
        }
        let heard = self.awake && !self.silent;
        self.link.second(heard.then(|| self.management.permitted()));
    }

    /// A second behind an imposed voltage.
    fn simulated_second(&mut self, moved_as: (f64, f64)) {
        let capacity_as = 3600.0 * self.config.capacity_ah.max(1e-6);
        let moved = (moved_as.0 - CHARGE_EFFICIENCY * moved_as.1) / capacity_as;
        self.counted = (self.counted - moved).clamp(0.0, 1.0);
        self.link.second((!self.silent).then_some(Permitted {
            charge_a: f64::INFINITY,
            discharge_a: f64::INFINITY,
        }));
    }
}

impl BatteryPort {
    /// Port with the simulator off.
    pub(crate) fn new(config: Option<config::Battery>, overload: f64, ambient_c: f64) -> Self {
        let built_in = config.is_some_and(|config| config.built_in);
        let mut new = Self {
            fitted: config.map(|config| Fitted::new(config, ambient_c)),
            wired: Wired::Simulator {
                volts: 0.0,
                source_a: 0.0,
                sink_a: 0.0,
            },
            on: false,
            amps: 0.0,
            moved_as: (0.0, 0.0),
            repeated: 0,
            source: (0.0, 0.0),
            reach_w: (0.0, 0.0),
            overload,
            overload_w: 0.0,
        };
        if built_in {
            new.wire_pack(true);
        }
        new
    }

    /// Programs the simulator, which is then what the port is wired to, unless the pack is built in.
    pub(crate) fn set(&mut self, on: bool, volts: f64, source_a: f64, sink_a: f64) {
        if self
            .fitted
            .as_ref()
            .is_some_and(|fitted| fitted.config.built_in)
        {
            return;
        }
        self.on = on;
        self.wired = Wired::Simulator {
            volts: volts.max(0.0),
            source_a: source_a.max(0.0),
            sink_a: sink_a.max(0.0),
        };
        self.refresh();
    }

    /// Wires the pack to the port, with its breaker closed or open.
    pub(crate) fn wire_pack(&mut self, closed: bool) {
        self.on = closed;
        self.wired = Wired::Pack;
        self.refresh();
    }

    /// Output relay of the simulator.
    pub(crate) fn simulator_on(&self) -> bool {
        self.on && self.simulated()
    }

    /// The messages of the management system fail to arrive, or arrive again.
    pub(crate) fn silence(&mut self, silent: bool) {
        if let Some(fitted) = &mut self.fitted {
            fitted.silent = silent;
        }
    }

    /// There are no cells.
    fn simulated(&self) -> bool {
        matches!(self.wired, Wired::Simulator { .. })
    }

    /// The DUT has a battery and it is connected.
    pub(crate) fn present(&self) -> bool {
        let there = |fitted: &Fitted| match self.wired {
            Wired::Simulator { volts, .. } => volts > 0.0,
            Wired::Pack => fitted.awake,
        };
        self.on && self.fitted.as_ref().is_some_and(there)
    }

    /// State of charge, 0–1; 0 without a battery.
    pub(crate) fn soc(&self) -> f64 {
        self.fitted.as_ref().map_or(0.0, |fitted| {
            if self.simulated() {
                fitted.counted
            } else {
                fitted.cells.soc()
            }
        })
    }

    /// Terminal voltage, V.
    pub(crate) fn volts(&self) -> f64 {
        self.source.0 - self.source.1 * self.amps
    }

    /// Largest discharge and charge power, W, both ≥ 0.
    #[inline]
    pub(crate) fn limits(&self) -> (f64, f64) {
        self.reach_w
    }

    /// Largest discharge power while a back-up overload is carried, W.
    #[inline]
    pub(crate) fn overload_w(&self) -> f64 {
        self.overload_w
    }

    /// What stands on the port, and what it can give and take, until the next second.
    fn refresh(&mut self) {
        self.source = (0.0, 0.0);
        self.reach_w = (0.0, 0.0);
        self.overload_w = 0.0;
        let Some(fitted) = self.fitted.as_ref().filter(|_| self.present()) else {
            return;
        };
        let (most_in, most) = (fitted.config.max_charge_a, fitted.config.max_discharge_a);
        let permitted = fitted.link.permitted();
        let open = |there: bool, amps: f64| if there { amps } else { 0.0 };
        let (source_a, sink_a) = match self.wired {
            Wired::Simulator {
                volts,
                source_a,
                sink_a,
            } => {
                self.source = (volts, 0.0);
                (
                    open(fitted.counted > 0.0, source_a),
                    open(fitted.counted < 1.0, sink_a),
                )
            }
            Wired::Pack => {
                self.source = fitted.cells.source();
                let (charge, discharge) = fitted.management.closed();
                (open(discharge, f64::INFINITY), open(charge, f64::INFINITY))
            }
        };
        let (volts, ohm) = self.source;
        let range = fitted.config.range_v;
        let given_w = |most: f64| {
            let amps = open(
                volts >= range.0,
                source_a.min(most).min(permitted.discharge_a),
            );
            (amps * (volts - ohm * amps)).max(0.0)
        };
        let charge = open(
            volts <= range.1,
            sink_a.min(most_in).min(permitted.charge_a),
        );
        self.reach_w = (given_w(most), charge * (volts + ohm * charge));
        self.overload_w = given_w(most * self.overload);
    }

    /// Takes `watts` (> 0 discharges) for one slow step.
    #[inline]
    pub(crate) fn draw(&mut self, watts: f64) {
        self.flush();
        let (volts, ohm) = self.source;
        self.amps = if watts == 0.0 || volts <= 0.0 {
            0.0
        } else if ohm > 0.0 {
            // (V − Ri)·i = P
            let root = (volts * volts - 4.0 * ohm * watts).max(0.0).sqrt();
            2.0 * watts / (volts + root)
        } else {
            watts / volts
        };
        self.repeated = 1;
        self.break_short();
    }

    /// A pack opens at once where the current is that of a short circuit.
    #[inline]
    fn break_short(&mut self) {
        let (pack, amps) = (self.wired == Wired::Pack, self.amps);
        let opened = match &mut self.fitted {
            Some(fitted) if pack => fitted.management.short(amps),
            Some(_) | None => false,
        };
        if opened {
            self.refresh();
        }
    }

    /// The last step `n` times more.
    pub(crate) fn repeat(&mut self, n: u64) {
        self.repeated += n;
    }

    fn flush(&mut self) {
        // by way of i64, for which there is an instruction
        let moved = self.amps * (SLOW_S * self.repeated as i64 as f64);
        if moved > 0.0 {
            self.moved_as.0 += moved;
        } else {
            self.moved_as.1 -= moved;
        }
        self.repeated = 0;
    }

    /// Once a second: the charge that has moved is counted, the pack steps.
    pub(crate) fn count(&mut self, around: &Around) {
        self.flush();
        let moved_as = std::mem::take(&mut self.moved_as);
        let (simulated, on) = (self.simulated(), self.on);
        if let Some(fitted) = &mut self.fitted {
            fitted.celsius = around.ambient_c;
            if simulated {
                fitted.simulated_second(moved_as);
            } else {
                let fed = around.fed && on;
                fitted.pack_second(moved_as, &Around { fed, ..*around });
            }
            self.refresh();
        }
    }
}

#[cfg(test)]
mod tests;
