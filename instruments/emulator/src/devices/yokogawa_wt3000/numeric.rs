//! Numeric data of the WT3000: what items show, one by one and as lists of harmonics.

use gridproof_plant::signal::{MeterPoint, Signal};

use super::functions::{self, Function, Harmonics, Mean, Side, angle, of_shape, quotient};
use super::items::{Item, Number, Of};
use super::kept::Key;
use super::meter::{Element, Values};
use super::{WINDOW, Wt3000};
use crate::devices::spectrum::{Spectrum, look};
use crate::field::Field;
use crate::scpi::param::is_word;

use Function as F;

/// The waveforms of an interval.
#[derive(Debug, Clone, Default)]
pub(super) struct Waves {
    /// By element; none when the interval is too short for a cycle.
    spectra: Vec<Spectrum>,
    /// The PLL has a source: harmonics are told.
    locked: bool,
}

/// Signals at an element's terminals; `None` for direct quantities.
pub(super) fn terminals(element: &Element, s1_closed: bool) -> Option<(Signal, Signal)> {
    match element.point() {
        MeterPoint::DutGrid => Some((Signal::GridVoltage, Signal::DutCurrent)),
        // upstream of S1
        MeterPoint::Source if s1_closed => Some((Signal::GridVoltage, Signal::SourceCurrent)),
        MeterPoint::Source => Some((Signal::SourceVoltage, Signal::SourceCurrent)),
        MeterPoint::Backup => Some((Signal::BackupVoltage, Signal::BackupCurrent)),
        MeterPoint::Pv | MeterPoint::Battery => None,
    }
}

impl Wt3000 {
    /// Harmonics of an interval are those of its last 200 ms, or of all of it.
    pub(super) fn wave_span(&self) -> u64 {
        self.rate.min(WINDOW)
    }

    /// Whether an item is read out of a waveform.
    #[expect(clippy::wildcard_enum_match_arm, reason = "functions of another kind")]
    pub(super) fn wants_waves(&self, item: &Item) -> bool {
        let of_mode = |side| {
            let Of::Element(element) = item.of else {
                return false;
            };
            self.mode(side, element) != Mean::Rms
        };
        item.order.is_some()
            || item.function().needs_waves()
            || match item.function() {
                F::Mode(side) => of_mode(side),
                _ => false,
            }
    }

    fn mode(&self, side: Side, element: usize) -> Mean {
        let key = match side {
            Side::U => Key::VoltMode,
            Side::I => Key::AmpMode,
        };
        match self.kept.word_at(key, element) {
            0 => Mean::Rms,
            1 => Mean::Calibrated,
            2 => Mean::Direct,
            _ => Mean::Rectified,
        }
    }

    /// The waveforms from now on, each with the errors of its element.
    pub(super) fn look(&self, field: &mut Field) -> Waves {
        let s1_closed = field.plant.state().grid_switch;
        let pairs = |element: &Element| terminals(element, s1_closed);
        let wired: Vec<(Signal, Signal)> = self.elements.iter().filter_map(pairs).collect();
        // U1, I1, U2, …: the voltage of the element keeps the time for both
        let source = self.elements.get(self.kept.word(Key::Pll) / 2);
        let hz = source.map_or(0.0, |element| field.plant.reading_cycle(element.point()).hz);
        let locked = hz > 0.0;
        let clock = if locked {
            hz
        } else {
            field.plant.config().dut.nominal_hz
        };
        let gains = self.gains(field.now());
        let Some(found) = look(&mut field.plant, &wired, clock, self.wave_span()) else {
            return Waves::default();
        };
        let mut found = found.into_iter();
        let spectra = self.elements.iter().map(|element| {
            let spectrum = match pairs(element) {
                Some(_) => found.next().unwrap_or_default(),
                None => {
                    let reading = field.plant.reading_cycle(element.point());
                    Spectrum::direct(reading.volts, reading.amps)
                }
            };
            element.shows(spectrum, gains)
        });
        Waves {
            spectra: spectra.collect(),
            locked,
        }
    }

    /// The waveforms of what is shown; from the first time that somebody asks, every update has them.
    pub(super) fn see_waves(&mut self, field: &mut Field) {
        if self.waves.is_none() {
            self.waves = Some(self.look(field));
        }
        if !self.wanted {
            self.wanted = true;
            self.next = self.next_after(field.now());
        }
    }

    fn harmonics(&self) -> Harmonics {
        let orders = self.kept.text(Key::Orders);
        let (from, to) = orders.split_once(',').unwrap_or(("1", "100"));
        let highest = crate::devices::spectrum::HIGHEST;
        Harmonics {
            from: from.trim().parse().unwrap_or(1),
            to: to.trim().parse().unwrap_or(highest).min(highest),
            of_total: self.kept.word(Key::Thd) == 0,
            full_circle: self.full_circle(),
        }
    }

    fn full_circle(&self) -> bool {
        self.kept.word(Key::Phase) == 1
    }

    /// Factors on voltage, current and power of an element: its transformers.
    fn scaling(&self, element: usize) -> (f64, f64, f64) {
        if !self.kept.on_at(Key::Scaling, element) {
            return (1.0, 1.0, 1.0);
        }
        let at = |key| self.kept.number_at(key, element);
        let (vt, ct) = (at(Key::Vt), at(Key::Ct));
        (vt, ct, vt * ct * at(Key::Factor))
    }

    /// Elements of a wiring unit, the first of several phases being A, with the factor on the sum of
    /// apparent powers.
    fn unit(&self, unit: usize) -> Option<(std::ops::Range<usize>, usize, f64)> {
        let mut first = 0;
        let mut units = Vec::new();
        for word in self.wiring.split(',') {
            let (wide, powers, factor) = match word {
                "P1W3" => (2, 2, 1.0),
                "P3W3" => (2, 2, 3f64.sqrt() / 2.0),
                "P3W4" => (3, 3, 1.0),
                "V3A3" => (3, 2, 3f64.sqrt() / 3.0),
                _ => (1, 1, 1.0),
            };
            if wide > 1 {
                units.push((first..first + wide, powers, factor));
            }
            first += wide;
        }
        units.into_iter().nth(unit)
    }

    /// The number an item shows.
    pub(super) fn number(&self, item: Option<&Item>) -> Number {
        let Some(item) = item else { return Number::Nan };
        match (item.function(), item.of) {
            (F::Time, _) => Number::Whole(self.integrated_s),
            (F::Eta(index), _) => self.efficiency(index),
            (function, Of::Element(element)) => self.of_element(function, element, item.order),
            (function, Of::Unit(unit)) if item.order.is_none() => self.of_unit(function, unit),
            (_, Of::Unit(_)) => Number::Nan,
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "functions of another kind")]
    fn of_element(&self, function: Function, index: usize, order: Option<usize>) -> Number {
        let Some(element) = self.elements.get(index) else {
            return Number::Nan;
        };
        let Some(values) = element.shown else {
            return Number::Nan;
        };
        let (of_u, of_i) = (values.over_u, values.over_i);
        let over = match function {
            F::Mode(Side::U)
            | F::Mean(Side::U, _)
            | F::Peak(Side::U)
            | F::Trough(Side::U)
            | F::Crest(Side::U)
            | F::Share(Side::U)
            | F::Thd(Side::U)
            | F::PhaseOf(Side::U)
            | F::HarmonicFactor(Side::U) => of_u,
            F::Mode(Side::I)
            | F::Mean(Side::I, _)
            | F::Peak(Side::I)
            | F::Trough(Side::I)
            | F::Crest(Side::I)
            | F::Share(Side::I)
            | F::Thd(Side::I)
            | F::PhaseOf(Side::I)
            | F::HarmonicFactor(Side::I)
            | F::KFactor => of_i,
            F::Hertz
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
            _ => of_u || of_i,
        };
        if over {
            return Number::Over;
        }
        let scaling = self.scaling(index);
        let number = if order.is_some() || !is_mean(function) {
            self.of_waves(function, index, order)
        } else {
            self.of_means(function, index, element, values)
        };
        scaled(number, function, scaling)
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "functions of another kind")]
    fn of_waves(&self, function: Function, index: usize, order: Option<usize>) -> Number {
        let waves = self.waves.as_ref();
        let Some((waves, spectrum)) =
            waves.and_then(|waves| Some((waves, waves.spectra.get(index)?)))
        else {
            return Number::Nan;
        };
        if let Some(number) = of_shape(function, spectrum) {
            return number;
        }
        if !waves.locked {
            return Number::Nan;
        }
        let harmonics = self.harmonics();
        match function {
            F::Between(_, further, side) => {
                let other = self.unit(0).filter(|unit| unit.0.contains(&index));
                let other = other.and_then(|unit| waves.spectra.get(unit.0.start + further));
                other.map_or(Number::Nan, |other| {
                    harmonics.between(spectrum, other, side)
                })
            }
            function => harmonics.at(function, spectrum, order),
        }
    }

    /// Out of the means of the interval.
    #[expect(clippy::wildcard_enum_match_arm, reason = "functions of another kind")]
    fn of_means(&self, function: Function, index: usize, element: &Element, v: Values) -> Number {
        let direct = v.f.is_none();
        let mean = |side: Side, how: Mean| {
            let value = match side {
                Side::U => v.u,
                Side::I => v.i,
            };
            match (how, direct) {
                (Mean::Rms, _) => Number::Value(value),
                (Mean::Alternating, true) => Number::Value(0.0),
                (_, true) => Number::Value(value),
                (_, false) => match self.waves.as_ref().and_then(|w| w.spectra.get(index)) {
                    Some(spectrum) => Number::Value(functions::mean(spectrum, side, how)),
                    None => Number::Nan,
                },
            }
        };
        let apparent = (v.u * v.i).abs();
        let lambda = if apparent > 0.0 {
            (v.p / apparent).clamp(-1.0, 1.0)
        } else {
            1.0
        };
        let sums = element.sums();
        match function {
            F::Mode(side) => mean(side, self.mode(side, index)),
            F::Mean(side, how) => mean(side, how),
            F::P => Number::Value(v.p),
            F::S => Number::Value(apparent),
            F::Q => Number::Value(v.q),
            F::Lambda => Number::Value(lambda),
            F::Phi => {
                // from the power factor, on the side of the reactive power
                let across = (1.0 - lambda * lambda).sqrt();
                angle(lambda, across.copysign(v.q), self.full_circle())
            }
            F::Hertz => v.f.map_or(Number::Nan, Number::Value),
            F::Corrected => self.corrected(v.p, mean(Side::U, Mean::Calibrated), v.u),
            F::Wh => Number::Value(sums.wh.0 + sums.wh.1),
            F::WhPlus => Number::Value(sums.wh.0),
            F::WhMinus => Number::Value(sums.wh.1),
            F::Ah => Number::Value(sums.ah.0 + sums.ah.1),
            F::AhPlus => Number::Value(sums.ah.0),
            F::AhMinus => Number::Value(sums.ah.1),
            F::Ws => Number::Value(sums.vah),
            F::Wq => Number::Value(sums.varh),
            _ => Number::Nan,
        }
    }

    /// IEC 60076-1 (1976: with P1 and P2; 1993).
    fn corrected(&self, p: f64, mean: Number, rms: f64) -> Number {
        let Number::Value(mean) = mean else {
            return Number::Nan;
        };
        if mean == 0.0 {
            return Number::Nan;
        }
        Number::Value(match self.kept.word(Key::Iec) {
            0 => {
                let share = |lane| self.kept.number_at(Key::Share, lane);
                p / (share(0) + share(1) * (rms / mean) * (rms / mean))
            }
            _ => p * (1.0 + (mean - rms) / mean),
        })
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "functions of another kind")]
    fn of_unit(&self, function: Function, unit: usize) -> Number {
        let Some((elements, powers, factor)) = self.unit(unit) else {
            return Number::Nan;
        };
        let each = |function: Function, elements: std::ops::Range<usize>| {
            let mut sum = 0.0;
            for element in elements {
                match self.of_element(function, element, None) {
                    Number::Value(value) => sum += value,
                    other => return other,
                }
            }
            Number::Value(sum)
        };
        let metered = elements.start..elements.start + powers;
        let count = elements.len() as f64;
        match function {
            F::Mode(_) | F::Mean(..) => each(function, elements).map(|sum| sum / count),
            F::P | F::Q | F::Wh | F::WhPlus | F::WhMinus | F::Ah | F::AhPlus | F::AhMinus => {
                each(function, metered)
            }
            F::S => each(function, elements).map(|sum| sum * factor),
            F::Ws | F::Wq => each(function, metered),
            F::Lambda | F::Phi => {
                let p = self.of_unit(F::P, unit);
                match (p, self.of_unit(F::S, unit), self.of_unit(F::Q, unit)) {
                    (Number::Value(p), Number::Value(s), Number::Value(_))
                        if function == F::Lambda =>
                    {
                        quotient(p, s)
                    }
                    (Number::Value(p), Number::Value(_), Number::Value(q)) => {
                        angle(p, q, self.full_circle())
                    }
                    (Number::Over, _, _) | (_, Number::Over, _) | (_, _, Number::Over) => {
                        Number::Over
                    }
                    _ => Number::Nan,
                }
            }
            _ => Number::Nan,
        }
    }

    /// `:MEASure:EFFiciency:ETA<x>`: numerator and denominator, a power each.
    fn efficiency(&self, index: usize) -> Number {
        let text = self.kept.text_at(Key::Eta, index);
        let mut terms = text.split(',').map(|term| self.power(term.trim()));
        let (over, under) = match (terms.next(), terms.next()) {
            (Some(over), Some(under)) => (over, under),
            // one alone is the denominator of 1
            (Some(under), None) => (Some(1.0), under),
            (None, _) => (None, None),
        };
        match (over, under) {
            (Some(over), Some(under)) => quotient(over, under).map(|eta| 100.0 * eta),
            _ => Number::Nan,
        }
    }

    /// A power by its name in an efficiency.
    fn power(&self, name: &str) -> Option<f64> {
        let number = match name {
            "PA" => self.of_unit(F::P, 0),
            "PB" => self.of_unit(F::P, 1),
            name => {
                if let Some(index) = name.strip_prefix("UDEF") {
                    let index: usize = index.parse().ok()?;
                    let terms = self.kept.text_at(Key::Udef, index.checked_sub(1)?);
                    let terms = terms.split(',').map(str::trim);
                    let terms =
                        terms.filter(|term| !is_word(term, "NONE") && !term.starts_with("UDEF"));
                    return terms.map(|term| self.power(term)).sum();
                }
                let index: usize = name.strip_prefix('P')?.parse().ok()?;
                self.of_element(F::P, index.checked_sub(1)?, None)
            }
        };
        match number {
            Number::Value(value) => Some(value),
            Number::Whole(_) | Number::Nan | Number::Over => None,
        }
    }

    /// The orders of a list item: the total, the direct component, then the selected orders.
    pub(super) fn list(&self, item: Option<&Item>) -> Vec<Number> {
        let most = self.list_order;
        let selected = |order: &usize| match self.list_select {
            0 => true,
            1 => order.is_multiple_of(2),
            _ => !order.is_multiple_of(2),
        };
        let orders = [None, Some(0)].into_iter();
        let orders = orders.chain((1..=most).filter(selected).map(Some));
        let number = |order| match item.map(|item| (item.function(), item.of)) {
            Some((function, Of::Element(element))) => {
                match self.elements.get(element).and_then(|element| element.shown) {
                    Some(_) => {
                        let number = self.of_waves(function, element, order);
                        scaled(number, function, self.scaling(element))
                    }
                    None => Number::Nan,
                }
            }
            Some((_, Of::Unit(_))) | None => Number::Nan,
        };
        orders.map(number).collect()
    }
}

/// The means of the interval have it, if it is a total.
fn is_mean(function: Function) -> bool {
    matches!(function, F::Corrected) || !function.needs_waves() || matches!(function, F::Mean(..))
}

#[expect(clippy::wildcard_enum_match_arm, reason = "functions of another kind")]
fn scaled(number: Number, function: Function, (vt, ct, power): (f64, f64, f64)) -> Number {
    number.map(|value| match function {
        F::Mode(Side::U) | F::Mean(Side::U, _) | F::Peak(Side::U) | F::Trough(Side::U) => {
            value * vt
        }
        F::Mode(Side::I) | F::Mean(Side::I, _) | F::Peak(Side::I) | F::Trough(Side::I) => {
            value * ct
        }
        F::P | F::S | F::Q | F::Corrected | F::PowerPeak | F::PowerTrough => value * power,
        F::Wh | F::WhPlus | F::WhMinus | F::Ws | F::Wq => value * power,
        F::Ah | F::AhPlus | F::AhMinus => value * ct,
        F::Impedance | F::SeriesR | F::SeriesX | F::ParallelR | F::ParallelX => value * vt / ct,
        _ => value,
    })
}
