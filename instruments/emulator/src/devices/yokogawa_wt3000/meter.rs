//! What the WT3000 measures: means over its update interval, with the errors of its elements.

use gridproof_plant::signal::{MeterPoint, Reading};

use crate::devices::spectrum::Spectrum;
use crate::rng::Rng;

/// Where the four elements are connected.
pub(crate) const ELEMENTS: [MeterPoint; 4] = [
    MeterPoint::DutGrid,
    MeterPoint::Source,
    MeterPoint::Backup,
    MeterPoint::Pv,
];

/// ± of reading + of range, as fractions.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Spec {
    pub(crate) reading: f64,
    pub(crate) range: f64,
}

/// Accuracy of all elements.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Specs {
    pub(crate) voltage: Spec,
    pub(crate) current: Spec,
    pub(crate) power: Spec,
    pub(crate) frequency: f64,
}

/// One quantity's error: a gain and an offset fixed for the seed, each at most 0.7 of what the
/// specification grants, and a little noise. The sum stays inside the specification.
#[derive(Debug)]
struct Error {
    gain: f64,
    offset: f64,
    noise: f64,
    rng: Rng,
}

impl Error {
    fn new(seed: u64, name: &str, quantity: &str, spec: Spec) -> Self {
        let mut fixed = Rng::new(seed, name, &format!("{quantity} error"));
        Self {
            gain: 1.0 + 0.7 * spec.reading * fixed.symmetric(),
            offset: 0.7 * spec.range * fixed.symmetric(),
            noise: 0.05 * spec.range,
            rng: Rng::new(seed, name, &format!("{quantity} noise")),
        }
    }

    fn of(&mut self, value: f64, range: f64) -> f64 {
        // one draw per update, whatever the value, so that streams stay in step
        let noise = self.noise * self.rng.noise();
        value * self.gain + (self.offset + noise) * range
    }
}

/// Factors of a meter that has left its specification.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Gains {
    /// On voltages, and on power with them.
    pub(crate) volts: f64,
    /// On currents, and on power with them.
    pub(crate) amps: f64,
    /// On power alone.
    pub(crate) watts: f64,
}

/// One displayed set of values.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Values {
    pub(crate) u: f64,
    pub(crate) i: f64,
    pub(crate) p: f64,
    pub(crate) q: f64,
    /// Hz; `None` without a periodic voltage.
    pub(crate) f: Option<f64>,
    /// Beyond 140 % of the range.
    pub(crate) over_u: bool,
    pub(crate) over_i: bool,
}

/// Voltage ranges at crest factor 3.
pub(crate) const VOLT_RANGES: [f64; 12] = [
    1.5, 3.0, 6.0, 10.0, 15.0, 30.0, 60.0, 100.0, 150.0, 300.0, 600.0, 1000.0,
];
/// Ranges of the current terminals at crest factor 3.
pub(crate) const AMP_RANGES: [f64; 13] = [
    0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0,
];

/// A measuring range.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Range {
    /// V or A.
    pub(crate) value: f64,
    /// It follows the signal.
    pub(crate) auto: bool,
}

impl Range {
    /// A range that stays.
    pub(crate) fn fixed(value: f64) -> Self {
        Self { value, auto: false }
    }

    /// Up when the value is beyond 110 % of the range, down when it is below 30 % of it and fits
    /// into 75 % of a lower one (user's manual, auto range).
    fn follow(&mut self, value: f64, ranges: &[f64]) {
        if !self.auto {
            return;
        }
        let value = value.abs();
        let fits = |least: f64| ranges.iter().copied().find(|range| value <= least * range);
        if value > 1.1 * self.value {
            self.value = fits(1.1).unwrap_or(self.value);
        } else if value < 0.3 * self.value {
            self.value = fits(0.75).map_or(self.value, |range| range.min(self.value));
        }
    }
}

/// Integrals of displayed values, per hour: positive and negative parts of power and current, apparent
/// and reactive power.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Integrals {
    pub(crate) wh: (f64, f64),
    pub(crate) ah: (f64, f64),
    pub(crate) vah: f64,
    pub(crate) varh: f64,
}

/// One element.
#[derive(Debug)]
pub(crate) struct Element {
    point: MeterPoint,
    pub(crate) volts: Range,
    pub(crate) amps: Range,
    /// Range of an external current sensor, V; `None` on the current terminals.
    pub(crate) sensor_v: Option<f64>,
    /// mV per A of that sensor.
    pub(crate) sensor_ratio: f64,
    u: Error,
    i: Error,
    p: Error,
    q: Error,
    f: Error,
    sums: Reading,
    /// What `sums` covers, s.
    seconds: f64,
    last: Reading,
    /// The range has changed since the last update: its switches are still settling.
    settling: bool,
    /// What is displayed; `None` before the first update, and of an interval with a change of range.
    pub(crate) shown: Option<Values>,
    integrals: Integrals,
}

impl Element {
    /// Element `index` (0–3) of the instrument `name`.
    pub(crate) fn new(
        seed: u64,
        name: &str,
        index: usize,
        specs: Specs,
        ranges: (f64, f64),
    ) -> Self {
        let error =
            |quantity: &str, spec| Error::new(seed, name, &format!("{quantity}{index}"), spec);
        Self {
            point: ELEMENTS[index],
            volts: Range::fixed(ranges.0),
            amps: Range::fixed(ranges.1),
            sensor_v: None,
            sensor_ratio: 10.0,
            u: error("u", specs.voltage),
            i: error("i", specs.current),
            p: error("p", specs.power),
            q: error("q", specs.power),
            f: error(
                "f",
                Spec {
                    reading: specs.frequency,
                    range: 0.0,
                },
            ),
            sums: Reading::default(),
            seconds: 0.0,
            last: Reading::default(),
            settling: false,
            shown: None,
            integrals: Integrals::default(),
        }
    }

    /// Measures current with a sensor on a range of so many volts.
    pub(crate) fn use_sensor(&mut self, volts: f64) {
        self.sensor_v = Some(volts);
        self.amps = Range::fixed(volts / (self.sensor_ratio * 1e-3));
    }

    /// Measures current on the terminals.
    pub(crate) fn use_terminals(&mut self, range: f64) {
        self.sensor_v = None;
        self.amps = Range::fixed(range);
    }

    /// mV per A of the external sensor.
    pub(crate) fn set_ratio(&mut self, ratio: f64) {
        self.sensor_ratio = ratio;
        if let Some(volts) = self.sensor_v {
            self.use_sensor(volts);
        }
    }

    /// What it has integrated.
    pub(crate) fn sums(&self) -> Integrals {
        self.integrals
    }

    /// Integration begins anew.
    pub(crate) fn forget(&mut self) {
        self.integrals = Integrals::default();
    }

    /// Displayed values last for `hours`.
    pub(crate) fn integrate(&mut self, values: Values, hours: f64) {
        let add = |sums: &mut (f64, f64), value: f64| {
            if value >= 0.0 {
                sums.0 += value * hours;
            } else {
                sums.1 += value * hours;
            }
        };
        add(&mut self.integrals.wh, values.p);
        add(&mut self.integrals.ah, values.i);
        self.integrals.vah += (values.u * values.i).abs() * hours;
        self.integrals.varh += values.q.abs() * hours;
    }

    /// A waveform with the gains of this element.
    pub(crate) fn shows(&self, spectrum: Spectrum, gains: Gains) -> Spectrum {
        let (volts, amps) = self.factors(gains);
        spectrum.scaled(volts, amps)
    }

    /// Gains of voltage and current.
    pub(crate) fn factors(&self, gains: Gains) -> (f64, f64) {
        (self.u.gain * gains.volts, self.i.gain * gains.amps)
    }

    /// The plant's meter it hangs on.
    pub(crate) fn point(&self) -> MeterPoint {
        self.point
    }

    /// The ranges are set by `set`; another range than before leaves a gap.
    pub(crate) fn change(&mut self, set: impl Fn(&mut Self)) {
        let before = (self.volts.value, self.amps.value);
        set(self);
        self.settling |= before != (self.volts.value, self.amps.value);
    }

    /// Takes the means over a part of the interval that is `seconds` long.
    pub(crate) fn sample(&mut self, reading: Reading, seconds: f64) {
        self.sums.volts += reading.volts * seconds;
        self.sums.amps += reading.amps * seconds;
        self.sums.watts += reading.watts * seconds;
        self.sums.vars += reading.vars * seconds;
        self.sums.hz += reading.hz * seconds;
        self.seconds += seconds;
        self.last = reading;
    }

    /// End of an update interval: the mean of its parts, or the last one before when no whole cycle lay
    /// in it. `None` when the range has changed in it.
    pub(crate) fn update(&mut self, gains: Gains) -> Option<Values> {
        let mean = if self.seconds == 0.0 {
            self.last
        } else {
            let n = self.seconds;
            let s = self.sums;
            Reading {
                at_ns: self.last.at_ns,
                volts: s.volts / n,
                amps: s.amps / n,
                watts: s.watts / n,
                vars: s.vars / n,
                hz: s.hz / n,
            }
        };
        let power = gains.volts * gains.amps * gains.watts;
        let mean = Reading {
            volts: mean.volts * gains.volts,
            amps: mean.amps * gains.amps,
            watts: mean.watts * power,
            vars: mean.vars * power,
            ..mean
        };
        self.sums = Reading::default();
        self.seconds = 0.0;
        let settling = std::mem::take(&mut self.settling);
        let (volt_range, amp_range) = (self.volts.value, self.amps.value);
        self.change(|element| {
            element.volts.follow(mean.volts, &VOLT_RANGES);
            if element.sensor_v.is_none() {
                element.amps.follow(mean.amps, &AMP_RANGES);
            }
        });
        let power_range = volt_range * amp_range;
        let dc = self.point == MeterPoint::Pv;
        let over_u = mean.volts.abs() > 1.4 * volt_range;
        let over_i = mean.amps.abs() > 1.4 * amp_range;
        let hz = self.f.of(mean.hz, 1.0);
        let values = Values {
            u: self.u.of(mean.volts, volt_range),
            i: self.i.of(mean.amps, amp_range),
            p: self.p.of(mean.watts, power_range),
            q: self.q.of(if dc { 0.0 } else { mean.vars }, power_range),
            f: Some(hz).filter(|_| !dc && mean.hz > 0.0),
            over_u,
            over_i,
        };
        Some(values).filter(|_| !settling)
    }
}
