//! What the functions of the WT3000 are (IM WT3001E-51EN, harmonic measurement functions; user's
//! manual, appendix 1).

use gridproof_plant::trig::atan2_turns;

use super::items::Number;
use crate::devices::spectrum::{HIGHEST, Line, Spectrum};

/// Voltage or current.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    U,
    I,
}

/// How a voltage or current is averaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mean {
    /// True RMS.
    Rms,
    /// Rectified mean, calibrated to the RMS of a sine.
    Calibrated,
    /// Simple mean.
    Direct,
    /// Rectified mean.
    Rectified,
    /// RMS of what is not direct.
    Alternating,
}

/// A measured function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Function {
    /// As the element's mode says.
    Mode(Side),
    Mean(Side, Mean),
    P,
    S,
    Q,
    Lambda,
    Phi,
    Hertz,
    Peak(Side),
    Trough(Side),
    Crest(Side),
    PowerPeak,
    PowerTrough,
    /// Power of transformers, corrected by the mean of the voltage.
    Corrected,
    Wh,
    WhPlus,
    WhMinus,
    Ah,
    AhPlus,
    AhMinus,
    Ws,
    Wq,
    Time,
    /// Efficiency.
    Eta(usize),
    /// Phase of a harmonic against the fundamental.
    PhaseOf(Side),
    Impedance,
    SeriesR,
    SeriesX,
    ParallelR,
    ParallelX,
    /// A harmonic in percent.
    Share(Side),
    PowerShare,
    Thd(Side),
    PowerThd,
    HarmonicFactor(Side),
    KFactor,
    /// From the fundamental voltage of the element to that of the one so many further on.
    Between(Side, usize, Side),
    /// Known word that this bench cannot measure.
    Unavailable,
}

use Function as F;

impl Function {
    /// It is read out of a waveform whatever the order.
    pub(crate) fn needs_waves(self) -> bool {
        match self {
            F::Mean(_, mean) => mean != Mean::Rms,
            F::Peak(_)
            | F::Trough(_)
            | F::Crest(_)
            | F::PowerPeak
            | F::PowerTrough
            | F::Corrected
            | F::PhaseOf(_)
            | F::Impedance
            | F::SeriesR
            | F::SeriesX
            | F::ParallelR
            | F::ParallelX
            | F::Share(_)
            | F::PowerShare
            | F::Thd(_)
            | F::PowerThd
            | F::HarmonicFactor(_)
            | F::KFactor
            | F::Between(..) => true,
            F::Mode(_)
            | F::P
            | F::S
            | F::Q
            | F::Lambda
            | F::Phi
            | F::Hertz
            | F::Wh
            | F::WhPlus
            | F::WhMinus
            | F::Ah
            | F::AhPlus
            | F::AhMinus
            | F::Ws
            | F::Wq
            | F::Time
            | F::Eta(_)
            | F::Unavailable => false,
        }
    }
}

/// Angle of power, degrees, positive while the current lags; in 0–360 if that is the display.
pub(crate) fn angle(p: f64, q: f64, full: bool) -> Number {
    if p == 0.0 && q == 0.0 {
        return Number::Nan;
    }
    let degrees = atan2_turns(q, p) * 360.0;
    Number::Value(if full {
        degrees.rem_euclid(360.0)
    } else {
        degrees
    })
}

fn line(spectrum: &Spectrum, side: Side) -> &Line {
    match side {
        Side::U => &spectrum.u,
        Side::I => &spectrum.i,
    }
}

/// A quotient, or nothing when there is nothing to divide by.
pub(crate) fn quotient(a: f64, b: f64) -> Number {
    if b == 0.0 {
        Number::Nan
    } else {
        Number::Value(a / b)
    }
}

/// A mean of a waveform.
pub(crate) fn mean(spectrum: &Spectrum, side: Side, how: Mean) -> f64 {
    let line = line(spectrum, side);
    match how {
        Mean::Rms => line.rms,
        // form factor of a sine: π / (2 √2)
        Mean::Calibrated => line.rectified * std::f64::consts::PI / 8f64.sqrt(),
        Mean::Direct => line.dc,
        Mean::Rectified => line.rectified,
        Mean::Alternating => (line.rms * line.rms - line.dc * line.dc).max(0.0).sqrt(),
    }
}

/// Of the shape of a waveform, whether or not it is periodic.
#[expect(clippy::wildcard_enum_match_arm, reason = "functions of another kind")]
pub(crate) fn of_shape(function: Function, spectrum: &Spectrum) -> Option<Number> {
    Some(match function {
        F::Mean(side, how) => Number::Value(mean(spectrum, side, how)),
        F::Peak(side) => Number::Value(line(spectrum, side).peak),
        F::Trough(side) => Number::Value(line(spectrum, side).trough),
        F::Crest(side) => {
            let line = line(spectrum, side);
            quotient(line.peak.abs().max(line.trough.abs()), line.rms)
        }
        F::PowerPeak => Number::Value(spectrum.power.0),
        F::PowerTrough => Number::Value(spectrum.power.1),
        _ => return None,
    })
}

/// How harmonics are summed up.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Harmonics {
    /// Lowest order of totals: 0 or 1.
    pub(crate) from: usize,
    /// Highest order.
    pub(crate) to: usize,
    /// Distortion against the total, else against the fundamental.
    pub(crate) of_total: bool,
    /// Phases in 0–360°.
    pub(crate) full_circle: bool,
}

impl Harmonics {
    fn reference(&self, line: &Line) -> f64 {
        if self.of_total {
            line.total(self.from, self.to)
        } else {
            line.order(1)
        }
    }

    /// P and Q of an order, or of all of them.
    fn power(&self, spectrum: &Spectrum, order: Option<usize>) -> (f64, f64) {
        let sum = |(p, q): (f64, f64), (a, b): (f64, f64)| (p + a, q + b);
        match order {
            Some(order) => spectrum.power_of(order),
            None => (self.from..=self.to)
                .map(|order| spectrum.power_of(order))
                .fold((0.0, 0.0), sum),
        }
    }

    fn reference_power(&self, spectrum: &Spectrum) -> f64 {
        self.power(spectrum, if self.of_total { None } else { Some(1) })
            .0
    }

    /// A function at an order, or in total.
    #[expect(clippy::wildcard_enum_match_arm, reason = "functions of another kind")]
    pub(crate) fn at(
        self,
        function: Function,
        spectrum: &Spectrum,
        order: Option<usize>,
    ) -> Number {
        if order.is_some_and(|order| order > self.to.min(HIGHEST)) {
            return Number::Nan;
        }
        let size = |line: &Line| match order {
            Some(0) => line.dc,
            Some(order) => line.order(order),
            None => line.total(self.from, self.to),
        };
        let percent = |share: Number| share.map(|share| 100.0 * share);
        let (u, i) = (size(&spectrum.u), size(&spectrum.i));
        let (p, q) = self.power(spectrum, order);
        match function {
            F::Mode(Side::U) => Number::Value(u),
            F::Mode(Side::I) => Number::Value(i),
            F::P => Number::Value(p),
            F::S => Number::Value(p.hypot(q)),
            F::Q => Number::Value(q),
            F::Lambda => quotient(p, p.hypot(q)),
            F::Phi => angle(p, q, self.full_circle),
            F::PhaseOf(side) => match order {
                Some(order) if order > 0 => self.phase(line(spectrum, side), order),
                _ => Number::Nan,
            },
            F::Impedance if order.is_some() => quotient(u, i),
            F::SeriesR if order.is_some() => quotient(p, i * i),
            F::SeriesX if order.is_some() => quotient(q, i * i),
            F::ParallelR if order.is_some() => quotient(u * u, p),
            F::ParallelX if order.is_some() => quotient(u * u, q),
            F::Share(side) if order.is_some() => {
                let line = line(spectrum, side);
                percent(quotient(size(line), self.reference(line)))
            }
            F::PowerShare if order.is_some() => {
                percent(quotient(p, self.reference_power(spectrum)))
            }
            F::Thd(side) => {
                let line = line(spectrum, side);
                percent(quotient(line.total(2, self.to), self.reference(line)))
            }
            F::PowerThd => {
                let harmonic: f64 = (2..=self.to).map(|n| spectrum.power_of(n).0).sum();
                percent(quotient(harmonic, self.reference_power(spectrum)).map(f64::abs))
            }
            F::HarmonicFactor(side) => {
                let line = line(spectrum, side);
                let weighted = |n: usize| line.order(n) * line.order(n) / n as f64;
                let sum: f64 = (2..=self.to).map(weighted).sum();
                percent(quotient(sum.sqrt(), self.reference(line)))
            }
            F::KFactor => {
                let square = |n: usize| spectrum.i.order(n) * spectrum.i.order(n);
                let weighted = |n: usize| square(n) * (n * n) as f64;
                let orders = || 1..=self.to;
                quotient(orders().map(weighted).sum(), orders().map(square).sum())
            }
            _ => Number::Nan,
        }
    }

    /// Phase of an order against the fundamental of the same quantity, in degrees of the order.
    fn phase(self, line: &Line, order: usize) -> Number {
        if line.order(order) == 0.0 || line.order(1) == 0.0 {
            return Number::Nan;
        }
        let turns = |order: usize| {
            let (re, im) = line.phasor(order);
            atan2_turns(im, re)
        };
        let turned = turns(order) - order as f64 * turns(1);
        let turned = turned - (turned + 0.5).floor();
        Number::Value(
            360.0
                * if self.full_circle {
                    turned.rem_euclid(1.0)
                } else {
                    turned
                },
        )
    }

    /// From the fundamental voltage of one element to that of a voltage or current of another.
    pub(crate) fn between(self, from: &Spectrum, to: &Spectrum, side: Side) -> Number {
        let (a, b) = (from.u.phasor(1), line(to, side).phasor(1));
        // the angle by which the second lags the first
        angle(
            a.0 * b.0 + a.1 * b.1,
            a.1 * b.0 - a.0 * b.1,
            self.full_circle,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distortions_are_those_of_the_manual() {
        // U: 100 V with 6 V of order 2 and 8 V of order 3; I: 10 A with 1 A of order 2
        let wave = |sines: &[(f64, f64)]| -> Vec<f32> {
            let at = |k: usize| {
                let angle = std::f64::consts::TAU * k as f64 / 1000.0;
                let sum = sines
                    .iter()
                    .map(|&(order, rms)| rms * (angle * order).sin());
                (sum.sum::<f64>() * std::f64::consts::SQRT_2) as f32
            };
            (0..2002).map(at).collect()
        };
        let u = wave(&[(1.0, 100.0), (2.0, 6.0), (3.0, 8.0)]);
        let spectrum = Spectrum::of(&u, &wave(&[(1.0, 10.0), (2.0, 1.0)]), 1e-3, 2.0);
        let tell = |of_total: bool, function: Function, order: Option<usize>| {
            let harmonics = Harmonics {
                from: 1,
                to: 50,
                of_total,
                full_circle: false,
            };
            match harmonics.at(function, &spectrum, order) {
                Number::Value(value) => value,
                Number::Whole(_) | Number::Nan | Number::Over => f64::NAN,
            }
        };
        let total = (100.0f64 * 100.0 + 36.0 + 64.0).sqrt();
        let power = 1000.0 + 6.0;
        let expected = [
            (tell(false, F::Thd(Side::U), None), 10.0),
            (tell(true, F::Thd(Side::U), None), 1000.0 / total),
            (tell(false, F::Share(Side::U), Some(3)), 8.0),
            (tell(true, F::Share(Side::U), Some(3)), 800.0 / total),
            (tell(false, F::PowerThd, None), 0.6),
            (tell(true, F::PowerThd, None), 600.0 / power),
            (tell(true, F::PowerShare, Some(2)), 600.0 / power),
            (tell(true, F::Mode(Side::U), None), total),
            (tell(true, F::P, None), power),
            (
                tell(false, F::HarmonicFactor(Side::U), None),
                (18.0f64 + 64.0 / 3.0).sqrt(),
            ),
            (tell(true, F::KFactor, None), (100.0 + 4.0) / 101.0),
            (tell(true, F::Impedance, Some(2)), 6.0),
        ];
        for (place, (told, expected)) in expected.into_iter().enumerate() {
            assert!(
                (told - expected).abs() < 1e-4 * expected,
                "{place}: {told} {expected}"
            );
        }
    }
}
