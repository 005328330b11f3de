//! The registers of the device: its models one after the other, points by name and by address.

use std::ops::Range;

use gridproof_plant::input::CurvePoints;

use super::models::{Count, Item, Kind, Point, models};

/// First register: `SunS`.
pub(crate) const BASE: u16 = 40_000;
/// Curves (or sets of controls) of every model that has them; the first is the active one.
pub(crate) const CURVES: u8 = 3;
/// Points of a curve.
pub(crate) const POINTS: u8 = 8;
/// Points of a curve of the older models: they have room for 20, the plant takes this many.
pub(crate) const OLD_POINTS: u8 = CurvePoints::MOST as u8;

/// A point of the device: model, name, and which of repeated groups it is in (from 0).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct At {
    pub(crate) model: u16,
    pub(crate) name: &'static str,
    pub(crate) outer: u8,
    pub(crate) inner: u8,
}

/// A point that is not in a repeated group.
pub(crate) const fn at(model: u16, name: &'static str) -> At {
    At {
        model,
        name,
        outer: 0,
        inner: 0,
    }
}

impl At {
    /// In the group of this number.
    pub(crate) const fn of(self, outer: u8) -> Self {
        Self { outer, ..self }
    }

    /// In the inner group of this number.
    pub(crate) const fn point(self, inner: u8) -> Self {
        Self { inner, ..self }
    }
}

/// A point and where it is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    pub(crate) at: At,
    pub(crate) kind: Kind,
    pub(crate) writable: bool,
    scale: Option<&'static str>,
    /// Index of its first register.
    index: usize,
}

impl Place {
    fn registers(&self) -> Range<usize> {
        self.index..self.index + usize::from(self.kind.length())
    }
}

/// A model and where it is.
#[derive(Debug, Clone)]
struct Model {
    id: u16,
    /// Indices of its registers, the header included.
    registers: Range<usize>,
    /// Indices of its places.
    places: Range<usize>,
}

/// The map.
#[derive(Debug, Clone)]
pub(crate) struct Map {
    registers: Vec<u16>,
    places: Vec<Place>,
    models: Vec<Model>,
}

impl Map {
    /// Every point "not implemented". `trackers` are the MPP trackers, none without PV.
    pub(crate) fn new(battery: bool, trackers: u8) -> Self {
        let mut map = Self {
            registers: vec![0x5375, 0x6e53],
            places: Vec::new(),
            models: Vec::new(),
        };
        for (id, items) in models(battery, trackers > 0) {
            let (first, place) = (map.registers.len(), map.places.len());
            map.registers.extend([id, 0]);
            map.lay(at(id, ""), items, trackers, 0);
            let end = map.registers.len();
            map.registers[first + 1] = (end - first - 2) as u16;
            map.models.push(Model {
                id,
                registers: first..end,
                places: place..map.places.len(),
            });
        }
        map.registers.extend([0xffff, 0]);
        map
    }

    fn lay(&mut self, within: At, items: &[Item], trackers: u8, depth: u8) {
        for item in items {
            match item {
                Item::Point(point) => self.place(within, point),
                Item::Group(count, items) => {
                    let count = match count {
                        Count::One => {
                            self.lay(within, items, trackers, depth);
                            continue;
                        }
                        Count::Curves => CURVES,
                        Count::Points => POINTS,
                        Count::Modules => trackers,
                    };
                    for n in 0..count {
                        let within = if depth == 0 {
                            within.of(n)
                        } else {
                            within.point(n)
                        };
                        self.lay(within, items, trackers, depth + 1);
                    }
                }
            }
        }
    }

    fn place(&mut self, within: At, point: &Point) {
        let index = self.registers.len();
        let place = Place {
            at: At {
                name: point.name,
                ..within
            },
            kind: point.kind,
            writable: point.writable,
            scale: point.scale,
            index,
        };
        self.places.push(place);
        let length = usize::from(point.kind.length());
        self.registers.resize(index + length, 0);
        self.store(&place, point.kind.absent());
    }

    fn store(&mut self, place: &Place, raw: u64) {
        if matches!(place.kind, Kind::Text(_)) {
            return;
        }
        let mut rest = raw;
        for register in self.registers[place.registers()].iter_mut().rev() {
            *register = rest as u16;
            rest >>= 16;
        }
    }

    fn find(&self, at: At) -> Option<Place> {
        let model = self.models.iter().find(|model| model.id == at.model)?;
        let places = &self.places[model.places.clone()];
        places.iter().find(|place| place.at == at).copied()
    }

    /// Bits of a point as they stand in the registers; 0 where the device does not have it.
    pub(crate) fn raw(&self, at: At) -> u64 {
        let Some(place) = self.find(at) else { return 0 };
        let registers = &self.registers[place.registers()];
        registers
            .iter()
            .take(4)
            .fold(0, |raw, register| raw << 16 | u64::from(*register))
    }

    /// Sets the bits of a point, where the device has it.
    pub(crate) fn set(&mut self, at: At, raw: u64) {
        if let Some(place) = self.find(at) {
            self.store(&place, raw);
        }
    }

    /// Says of a point that it is not implemented.
    pub(crate) fn clear(&mut self, at: At) {
        if let Some(place) = self.find(at) {
            self.store(&place, place.kind.absent());
        }
    }

    /// Sets a scale factor.
    pub(crate) fn set_scale(&mut self, at: At, exponent: i16) {
        self.set(at, u64::from(exponent as u16));
    }

    /// Sets a text, padded with NUL.
    pub(crate) fn set_text(&mut self, at: At, text: &str) {
        if let Some(place) = self.find(at) {
            let mut bytes = text.bytes().chain(std::iter::repeat(0));
            for register in &mut self.registers[place.registers()] {
                let pair = [bytes.next().unwrap_or(0), bytes.next().unwrap_or(0)];
                *register = u16::from_be_bytes(pair);
            }
        }
    }

    /// One step of the point.
    fn step(&self, place: &Place) -> f64 {
        let exponent = match place.scale {
            Some(name) => self.raw(at(place.at.model, name)) as u16 as i16,
            None => 0,
        };
        if (-10..=10).contains(&exponent) {
            10f64.powi(i32::from(exponent))
        } else {
            1.0
        }
    }

    /// Sets a value in the point's unit, rounded to its step and held inside its range.
    pub(crate) fn put(&mut self, at: At, value: f64) {
        let Some(place) = self.find(at) else { return };
        let steps = (value / self.step(&place)).round();
        let (least, most) = match place.kind {
            Kind::I16 => (-32_767.0, 32_767.0),
            Kind::I32 => (-2_147_483_647.0, 2_147_483_647.0),
            Kind::U32 | Kind::Acc32 => (0.0, 4_294_967_294.0),
            // what a double can count exactly
            Kind::U64 | Kind::Acc64 => (0.0, 9_007_199_254_740_992.0),
            Kind::U16
            | Kind::Enum(_)
            | Kind::Bits16
            | Kind::Bits32
            | Kind::Sf
            | Kind::Text(_)
            | Kind::Pad => (0.0, 65_534.0),
        };
        self.store(&place, steps.clamp(least, most) as i64 as u64);
    }

    /// Value of a point in its unit; `None` where it is not implemented.
    pub(crate) fn get(&self, at: At) -> Option<f64> {
        let place = self.find(at)?;
        let raw = self.raw(at);
        if raw == place.kind.absent() {
            return None;
        }
        let steps = match place.kind {
            Kind::I16 => f64::from(raw as u16 as i16),
            Kind::I32 => f64::from(raw as u32 as i32),
            Kind::U16
            | Kind::U32
            | Kind::U64
            | Kind::Acc32
            | Kind::Acc64
            | Kind::Enum(_)
            | Kind::Bits16
            | Kind::Bits32
            | Kind::Sf
            | Kind::Text(_)
            | Kind::Pad => raw as f64,
        };
        Some(steps * self.step(&place))
    }

    /// `count` registers from an address, if all exist.
    pub(crate) fn read(&self, start: u16, count: u16) -> Option<&[u16]> {
        let first = usize::from(start.checked_sub(BASE)?);
        self.registers.get(first..first + usize::from(count))
    }

    /// The models that an access touches.
    pub(crate) fn touched(&self, start: u16, count: u16) -> Vec<u16> {
        let first = usize::from(start.saturating_sub(BASE));
        let end = first + usize::from(count);
        let touched = |model: &&Model| model.registers.start < end && model.registers.end > first;
        self.models
            .iter()
            .filter(touched)
            .map(|model| model.id)
            .collect()
    }

    /// The points of one model that registers from `start` make up, if they do exactly:
    /// `Err(true)` when they cut a point, `Err(false)` when not all of them are points of a model.
    pub(crate) fn points(&self, start: u16, count: u16) -> Result<Vec<Place>, bool> {
        let first = usize::from(start.checked_sub(BASE).ok_or(false)?);
        let end = first + usize::from(count);
        let model = self
            .models
            .iter()
            .find(|model| model.registers.contains(&first))
            .filter(|model| model.registers.start + 2 <= first && end <= model.registers.end)
            .ok_or(false)?;
        let inside: Vec<Place> = self.places[model.places.clone()]
            .iter()
            .filter(|place| place.registers().start < end && place.registers().end > first)
            .copied()
            .collect();
        let whole = |place: &Place| place.index >= first && place.registers().end <= end;
        // a text may be written in pieces, a number may not
        if inside
            .iter()
            .all(|place| whole(place) || matches!(place.kind, Kind::Text(_)))
        {
            Ok(inside)
        } else {
            Err(true)
        }
    }

    /// Overwrites registers from `start`; a number written as "not implemented" stays as it is.
    pub(crate) fn write(&mut self, start: u16, values: &[u16], points: &[Place]) {
        let first = usize::from(start - BASE);
        for place in points {
            let from = place.index.max(first);
            let to = place.registers().end.min(first + values.len());
            let new = &values[from - first..to - first];
            let raw = new
                .iter()
                .take(4)
                .fold(0, |raw, v| raw << 16 | u64::from(*v));
            if matches!(place.kind, Kind::Text(_)) || raw != place.kind.absent() {
                self.registers[from..to].copy_from_slice(new);
            }
        }
    }

    /// Copies every point of one repeated group to another of the same model but for `except`.
    pub(crate) fn copy_group(&mut self, model: u16, from: u8, to: u8, except: &str) {
        let Some(found) = self.models.iter().find(|m| m.id == model).cloned() else {
            return;
        };
        let grouped: Vec<Place> = self.places[found.places]
            .iter()
            .filter(|place| place.at.name.contains('.') || place.at.outer > 0)
            .filter(|place| place.at.name != except)
            .copied()
            .collect();
        for source in grouped.iter().filter(|place| place.at.outer == from) {
            if let Some(target) = self.find(source.at.of(to)) {
                self.registers.copy_within(source.registers(), target.index);
            }
        }
    }

    /// Sets the counts of curves, points and modules that the models state.
    pub(crate) fn set_counts(&mut self, trackers: u8) {
        for model in [126, 132, 705, 706, 712] {
            self.set(at(model, "NCrv"), u64::from(CURVES));
        }
        for model in [705, 706, 707, 708, 709, 710, 712] {
            self.set(at(model, "NPt"), u64::from(POINTS));
        }
        for model in [126, 132] {
            self.set(at(model, "NPt"), u64::from(OLD_POINTS));
        }
        for model in [707, 708, 709, 710] {
            self.set(at(model, "NCrvSet"), u64::from(CURVES));
        }
        self.set(at(711, "NCtl"), u64::from(CURVES));
        self.set(at(160, "N"), u64::from(trackers));
    }
}
