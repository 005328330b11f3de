//! The management system: warnings and protections of every kind with their delays, and the
//! currents that it permits.

use crate::config::{CellLevels, Pack, TemperatureLevels};
use crate::trig;

/// The permitted currents begin to fall so far before the end, V per cell.
const TAPER_V: f64 = 0.10;
/// They follow the cells with this time constant, s: it keeps the loop from limit to voltage to
/// limit stable also in the cold.
const LIMIT_TAU_S: f64 = 5.0;

/// What the management system watches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Guard {
    /// A cell too high.
    CellOverVoltage,
    /// A cell too low.
    CellUnderVoltage,
    /// Too warm to charge.
    ChargeHot,
    /// Too cold to charge.
    ChargeCold,
    /// Too warm to discharge.
    DischargeHot,
    /// Too cold to discharge.
    DischargeCold,
    /// Charged with too much current.
    ChargeCurrent,
    /// Discharged with too much current.
    DischargeCurrent,
    /// Charged as by a short circuit.
    ChargeShort,
    /// Discharged into a short circuit, or nearly one.
    DischargeShort,
}

impl Guard {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::CellOverVoltage,
        Self::CellUnderVoltage,
        Self::ChargeHot,
        Self::ChargeCold,
        Self::DischargeHot,
        Self::DischargeCold,
        Self::ChargeCurrent,
        Self::DischargeCurrent,
        Self::ChargeShort,
        Self::DischargeShort,
    ];

    /// Its protection opens the charging direction; otherwise the discharging one.
    #[must_use]
    pub fn stops_charging(self) -> bool {
        match self {
            Self::CellOverVoltage
            | Self::ChargeHot
            | Self::ChargeCold
            | Self::ChargeCurrent
            | Self::ChargeShort => true,
            Self::CellUnderVoltage
            | Self::DischargeHot
            | Self::DischargeCold
            | Self::DischargeCurrent
            | Self::DischargeShort => false,
        }
    }
}

/// What the pack shows its management system.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Seen {
    /// Lowest and highest cell, V.
    pub(super) cells: (f64, f64),
    /// °C.
    pub(super) celsius: f64,
    /// A, > 0 discharges.
    pub(super) amps: f64,
}

/// How far a quantity is from where it should be.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Judged {
    alarm: bool,
    /// Beyond the level of the protection, for each level: (beyond, s until it acts).
    beyond: [(bool, f64); 2],
    /// A protection may be released.
    back: bool,
    /// For so long, s.
    back_s: f64,
}

/// State of one guard.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
struct Watch {
    alarm: bool,
    protects: bool,
    /// Time beyond each level, s.
    beyond_s: [f64; 2],
    back_s: f64,
}

impl Watch {
    fn second(&mut self, judged: Judged) {
        self.alarm = judged.alarm;
        for (time, (beyond, delay_s)) in self.beyond_s.iter_mut().zip(judged.beyond) {
            *time = if beyond { *time + 1.0 } else { 0.0 };
            self.protects |= beyond && *time >= delay_s;
        }
        self.back_s = if self.protects && judged.back {
            self.back_s + 1.0
        } else {
            0.0
        };
        if self.back_s > 0.0 && self.back_s >= judged.back_s {
            *self = Self {
                alarm: self.alarm,
                ..Self::default()
            };
        }
    }
}

/// Permitted currents, A ≥ 0.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Permitted {
    pub(super) charge_a: f64,
    pub(super) discharge_a: f64,
}

/// The management system.
#[derive(Debug, Clone)]
pub(super) struct Management {
    config: Pack,
    watches: [Watch; Guard::ALL.len()],
    /// What the cells permit, before any protection.
    tapered: Permitted,
    keep: f64,
}

impl Management {
    /// Of a pack that shows this.
    pub(super) fn new(config: Pack, seen: &Seen) -> Self {
        Self {
            watches: [Watch::default(); Guard::ALL.len()],
            tapered: law(&config, seen),
            keep: trig::exp(-1.0 / LIMIT_TAU_S),
            config,
        }
    }

    /// A second has passed.
    pub(super) fn second(&mut self, seen: &Seen) {
        for (watch, guard) in self.watches.iter_mut().zip(Guard::ALL) {
            watch.second(judge(&self.config, guard, seen));
        }
        let law = law(&self.config, seen);
        let near = |to: f64, from: f64| to + (from - to) * self.keep;
        self.tapered = Permitted {
            charge_a: near(law.charge_a, self.tapered.charge_a),
            discharge_a: near(law.discharge_a, self.tapered.discharge_a),
        };
    }

    /// What no second may wait for: a current that is a short circuit (> 0 discharges, A). True
    /// when the pack opens now.
    pub(super) fn short(&mut self, amps: f64) -> bool {
        let (guard, permitted_a) = if amps > 0.0 {
            (Guard::DischargeShort, self.config.discharge_a)
        } else {
            (Guard::ChargeShort, self.config.charge_a)
        };
        let short = amps.abs() > self.config.short_circuit * permitted_a;
        let watch = &mut self.watches[guard as usize];
        let opens = short && !watch.protects;
        watch.protects |= short;
        opens
    }

    /// A warning is on.
    pub(super) fn alarm(&self, guard: Guard) -> bool {
        self.watches[guard as usize].alarm
    }

    /// A protection is on.
    pub(super) fn protects(&self, guard: Guard) -> bool {
        self.watches[guard as usize].protects
    }

    /// The pack lets current through: charging, discharging.
    pub(super) fn closed(&self) -> (bool, bool) {
        let open = |charging: bool| {
            Guard::ALL
                .iter()
                .any(|guard| guard.stops_charging() == charging && self.protects(*guard))
        };
        (!open(true), !open(false))
    }

    /// The currents that it reports.
    pub(super) fn permitted(&self) -> Permitted {
        let (charge, discharge) = self.closed();
        Permitted {
            charge_a: if charge { self.tapered.charge_a } else { 0.0 },
            discharge_a: if discharge {
                self.tapered.discharge_a
            } else {
                0.0
            },
        }
    }
}

/// Ich = Imax·clip((3.55 V − vmax)/0.10 V, 0, 1) with the alarm level for 3.55 V, and its mirror.
fn law(config: &Pack, seen: &Seen) -> Permitted {
    let (low, high) = seen.cells;
    let share = |volts: f64| (volts / TAPER_V).clamp(0.0, 1.0);
    Permitted {
        charge_a: config.charge_a * share(config.over_voltage.alarm - high),
        discharge_a: config.discharge_a * share(low - config.under_voltage.alarm),
    }
}

fn judge(config: &Pack, guard: Guard, seen: &Seen) -> Judged {
    // signed so that larger is worse
    let cell = |sign: f64, volts: f64, levels: &CellLevels| Judged {
        alarm: sign * (volts - levels.alarm) > 0.0,
        beyond: [
            (sign * (volts - levels.protect) > 0.0, levels.delay_s),
            (false, 0.0),
        ],
        back: sign * (volts - levels.release) < 0.0,
        back_s: 0.0,
    };
    let warmth = |sign: f64, of: &TemperatureLevels| {
        let pick = |pair: (f64, f64)| if sign > 0.0 { pair.1 } else { pair.0 };
        let beyond = |level: f64| sign * (seen.celsius - level) > 0.0;
        Judged {
            alarm: beyond(pick(of.alarm)),
            beyond: [(beyond(pick(of.protect)), of.delay_s), (false, 0.0)],
            back: !beyond(pick(of.alarm)),
            back_s: 0.0,
        }
    };
    let current = |amps: f64, most: f64| Judged {
        alarm: amps > 1.01 * most,
        beyond: config
            .over_current
            .map(|(parts, delay_s)| (amps > parts * most, delay_s)),
        back: amps <= 0.0,
        back_s: config.over_current_release_s,
    };
    // acts at once, see `short`
    let opened = |amps: f64| Judged {
        alarm: false,
        beyond: [(false, 0.0); 2],
        back: amps <= 0.0,
        back_s: config.over_current_release_s,
    };
    let (low, high) = seen.cells;
    match guard {
        Guard::CellOverVoltage => cell(1.0, high, &config.over_voltage),
        Guard::CellUnderVoltage => cell(-1.0, low, &config.under_voltage),
        Guard::ChargeHot => warmth(1.0, &config.charge_temperature),
        Guard::ChargeCold => warmth(-1.0, &config.charge_temperature),
        Guard::DischargeHot => warmth(1.0, &config.discharge_temperature),
        Guard::DischargeCold => warmth(-1.0, &config.discharge_temperature),
        Guard::ChargeCurrent => current(-seen.amps, config.charge_a),
        Guard::DischargeCurrent => current(seen.amps, config.discharge_a),
        Guard::ChargeShort => opened(-seen.amps),
        Guard::DischargeShort => opened(seen.amps),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: Seen = Seen {
        cells: (3.29, 3.31),
        celsius: 25.0,
        amps: 0.0,
    };

    fn management() -> Management {
        Management::new(Pack::lithium_iron(51.2, 100.0, 60.0), &GOOD)
    }

    fn cells(low: f64, high: f64) -> Seen {
        Seen {
            cells: (low, high),
            ..GOOD
        }
    }

    fn celsius(celsius: f64) -> Seen {
        Seen { celsius, ..GOOD }
    }

    fn amps(amps: f64) -> Seen {
        Seen { amps, ..GOOD }
    }

    /// Seconds of `seen` until the guard protects.
    fn seconds_until(bms: &mut Management, guard: Guard, seen: &Seen) -> u32 {
        (1..200)
            .find(|_| {
                bms.second(seen);
                bms.protects(guard)
            })
            .unwrap_or(u32::MAX)
    }

    #[rstest::rstest]
    #[case(
        Guard::CellOverVoltage,
        cells(3.3, 3.64),
        cells(3.3, 3.66),
        2,
        cells(3.3, 3.41),
        cells(3.3, 3.39)
    )]
    #[case(
        Guard::CellUnderVoltage,
        cells(2.51, 3.3),
        cells(2.49, 3.3),
        3,
        cells(2.99, 3.3),
        cells(3.01, 3.3)
    )]
    #[case(
        Guard::ChargeHot,
        celsius(54.0),
        celsius(56.0),
        5,
        celsius(46.0),
        celsius(44.0)
    )]
    #[case(Guard::ChargeCold, celsius(-4.0), celsius(-6.0), 5, celsius(-1.0), celsius(1.0))]
    #[case(
        Guard::DischargeHot,
        celsius(59.0),
        celsius(61.0),
        5,
        celsius(56.0),
        celsius(54.0)
    )]
    #[case(Guard::DischargeCold, celsius(-24.0), celsius(-26.0), 5, celsius(-21.0), celsius(-19.0))]
    #[case(Guard::ChargeCurrent, amps(-65.0), amps(-70.0), 10, amps(-10.0), amps(0.0))]
    #[case(Guard::ChargeCurrent, amps(-65.0), amps(-91.0), 1, amps(-10.0), amps(0.0))]
    #[case(
        Guard::DischargeCurrent,
        amps(65.0),
        amps(70.0),
        10,
        amps(10.0),
        amps(0.0)
    )]
    #[case(
        Guard::DischargeCurrent,
        amps(65.0),
        amps(91.0),
        1,
        amps(10.0),
        amps(0.0)
    )]
    fn every_protection_has_its_level_delay_and_release(
        #[case] guard: Guard,
        #[case] inside: Seen,
        #[case] beyond: Seen,
        #[case] delay_s: u32,
        #[case] held: Seen,
        #[case] released: Seen,
    ) {
        let mut bms = management();
        assert_eq!(seconds_until(&mut bms, guard, &inside), u32::MAX);
        assert!(
            bms.alarm(guard),
            "inside the protection, beyond the warning"
        );
        // a moment back inside starts the delay again
        for _ in 1..delay_s {
            bms.second(&beyond);
            assert!(!bms.protects(guard));
        }
        bms.second(&inside);
        assert_eq!(seconds_until(&mut bms, guard, &beyond), delay_s);
        let permitted = bms.permitted();
        let (stopped, kept) = if guard.stops_charging() {
            (permitted.charge_a, bms.closed().1)
        } else {
            (permitted.discharge_a, bms.closed().0)
        };
        assert_eq!(stopped, 0.0);
        // the cold and the heat that stop discharging have stopped charging before
        let both = matches!(guard, Guard::DischargeHot | Guard::DischargeCold);
        assert_eq!(kept, !both, "the way back stays open");
        for _ in 0..100 {
            bms.second(&held);
        }
        assert!(bms.protects(guard), "not yet back far enough");
        let currents = [Guard::ChargeCurrent, Guard::DischargeCurrent];
        let wait_s = if currents.contains(&guard) { 30 } else { 1 };
        for _ in 1..wait_s {
            bms.second(&released);
        }
        assert!(bms.protects(guard) || wait_s == 1);
        bms.second(&released);
        assert!(!bms.protects(guard) && !bms.alarm(guard));
    }

    #[rstest::rstest]
    #[case(3.45, 1.0)]
    #[case(3.47, 0.8)]
    #[case(3.50, 0.5)]
    #[case(3.55, 0.0)]
    #[case(3.60, 0.0)]
    fn limits_taper_to_the_ends(#[case] high: f64, #[case] share: f64) {
        let mut bms = management();
        let low = 2.80 + (3.55 - high);
        for _ in 0..120 {
            bms.second(&cells(low, high));
        }
        let permitted = bms.permitted();
        assert!(
            (permitted.charge_a - 60.0 * share).abs() < 1e-6,
            "{permitted:?}"
        );
        assert!(
            (permitted.discharge_a - 60.0 * share).abs() < 1e-6,
            "{permitted:?}"
        );
        // and reach it as e^(−t/5 s)
        bms.second(&GOOD);
        let expected = 60.0 + (60.0 * share - 60.0) * (-0.2_f64).exp();
        assert!((bms.permitted().charge_a - expected).abs() < 1e-6);
    }
}
