//! What the WT3000 measures: means over its update interval, with the errors of its elements.

use gridproof_plant::signal::{MeterPoint, Reading};

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

/// One element.
#[derive(Debug)]
pub(crate) struct Element {
    point: MeterPoint,
    pub(crate) volt_range: f64,
    pub(crate) amp_range: f64,
    u: Error,
    i: Error,
    p: Error,
    q: Error,
    f: Error,
    sums: Reading,
    count: u32,
    last: Reading,
    /// What is displayed; `None` before the first update.
    pub(crate) shown: Option<Values>,
    /// ∫P dt of displayed values while integrating, W·s: positive, negative part; ∫I dt.
    pub(crate) energy: (f64, f64, f64),
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
            volt_range: ranges.0,
            amp_range: ranges.1,
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
            count: 0,
            last: Reading::default(),
            shown: None,
            energy: (0.0, 0.0, 0.0),
        }
    }

    /// The plant's meter it hangs on.
    pub(crate) fn point(&self) -> MeterPoint {
        self.point
    }

    /// Takes one metering window of the plant.
    pub(crate) fn sample(&mut self, reading: Reading) {
        self.sums.volts += reading.volts;
        self.sums.amps += reading.amps;
        self.sums.watts += reading.watts;
        self.sums.vars += reading.vars;
        self.sums.hz += reading.hz;
        self.count += 1;
        self.last = reading;
    }

    /// End of an update interval: the mean of its windows, or the last window when the interval is
    /// shorter than one.
    pub(crate) fn update(&mut self, hold: bool, gains: Gains) -> Option<Values> {
        let mean = if self.count == 0 {
            self.last
        } else {
            let n = f64::from(self.count);
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
        self.count = 0;
        let power_range = self.volt_range * self.amp_range;
        let dc = self.point == MeterPoint::Pv;
        let over_u = mean.volts.abs() > 1.4 * self.volt_range;
        let over_i = mean.amps.abs() > 1.4 * self.amp_range;
        let hz = self.f.of(mean.hz, 1.0);
        let values = Values {
            u: self.u.of(mean.volts, self.volt_range),
            i: self.i.of(mean.amps, self.amp_range),
            p: self.p.of(mean.watts, power_range),
            q: self.q.of(if dc { 0.0 } else { mean.vars }, power_range),
            f: Some(hz).filter(|_| !dc && mean.hz > 0.0),
            over_u,
            over_i,
        };
        if !hold {
            self.shown = Some(values);
        }
        Some(values)
    }
}
