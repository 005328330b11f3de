//! Models 707 to 710: one point of the must-trip curve per protection element.

use gridproof_plant::config::{ProtectionElement, Side, Watch};

use super::map::{Map, POINTS, at};
use super::plate::Nameplate;

/// One of the four models.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TripSide {
    pub(crate) watch: Watch,
    pub(crate) side: Side,
}

/// All four, in the order of their models.
pub(crate) const SIDES: [TripSide; 4] = [
    TripSide {
        watch: Watch::Voltage,
        side: Side::Under,
    },
    TripSide {
        watch: Watch::Voltage,
        side: Side::Over,
    },
    TripSide {
        watch: Watch::Frequency,
        side: Side::Under,
    },
    TripSide {
        watch: Watch::Frequency,
        side: Side::Over,
    },
];

impl TripSide {
    /// Its model.
    pub(crate) fn model(self) -> u16 {
        match (self.watch, self.side) {
            (Watch::Voltage, Side::Under) => 707,
            (Watch::Voltage, Side::Over) => 708,
            (Watch::Frequency, Side::Under) => 709,
            (Watch::Frequency, Side::Over) => 710,
        }
    }

    /// The model's own, if it is one of the four.
    pub(crate) fn of(model: u16) -> Option<Self> {
        SIDES.into_iter().find(|side| side.model() == model)
    }

    fn owns(self, element: &ProtectionElement) -> bool {
        (element.watch, element.side) == (self.watch, self.side)
    }

    fn threshold(self) -> &'static str {
        match self.watch {
            Watch::Voltage => "Crv.MustTrip.Pt.V",
            Watch::Frequency => "Crv.MustTrip.Pt.Hz",
        }
    }

    /// Its unit in the plant's: a percentage of nominal voltage, or Hz as it is.
    fn unit(self, plate: &Nameplate) -> f64 {
        match self.watch {
            Watch::Voltage => plate.dut.nominal_v / 100.0,
            Watch::Frequency => 1.0,
        }
    }
}

/// Writes the elements of a side into curve `n`, ascending; the other regions have no points.
pub(crate) fn publish(
    map: &mut Map,
    plate: &Nameplate,
    side: TripSide,
    n: u8,
    elements: &[ProtectionElement],
) {
    let model = side.model();
    let mut own: Vec<&ProtectionElement> = elements.iter().filter(|e| side.owns(e)).collect();
    own.sort_by(|a, b| a.threshold.total_cmp(&b.threshold));
    map.set(at(model, "Crv.ReadOnly").of(n), u64::from(n == 0));
    map.set(at(model, "Crv.MustTrip.ActPt").of(n), own.len() as u64);
    map.set(at(model, "Crv.MayTrip.ActPt").of(n), 0);
    map.set(at(model, "Crv.MomCess.ActPt").of(n), 0);
    for i in 0..POINTS {
        let threshold = at(model, side.threshold()).of(n).point(i);
        let time = at(model, "Crv.MustTrip.Pt.Tms").of(n).point(i);
        match own.get(usize::from(i)) {
            Some(element) => {
                map.put(threshold, element.threshold / side.unit(plate));
                map.put(time, element.delay_s);
            }
            None => {
                map.clear(threshold);
                map.clear(time);
            }
        }
    }
}

/// The elements with those of a side replaced by curve `n`, named as before from the least severe;
/// `None` when the curve asks for what the unit does not do.
pub(crate) fn read(
    map: &Map,
    plate: &Nameplate,
    side: TripSide,
    n: u8,
    elements: &[ProtectionElement],
) -> Option<Vec<ProtectionElement>> {
    let model = side.model();
    let count = |name| map.raw(at(model, name).of(n));
    // momentary cessation is not among the functions of this unit; where it may trip it does not
    if count("Crv.MomCess.ActPt") != 0 {
        return None;
    }
    let active = count("Crv.MustTrip.ActPt");
    if active > u64::from(POINTS) {
        return None;
    }
    let points: Option<Vec<(f64, f64)>> = (0..active as u8)
        .map(|i| {
            let threshold = map.get(at(model, side.threshold()).of(n).point(i))?;
            let time = map.get(at(model, "Crv.MustTrip.Pt.Tms").of(n).point(i))?;
            Some((threshold * side.unit(plate), time))
        })
        .collect();
    let mut points = points?;
    // number 1 is the one that an excursion meets first
    points.sort_by(|a, b| match side.side {
        Side::Over => a.0.total_cmp(&b.0),
        Side::Under => b.0.total_cmp(&a.0),
    });
    let letters = match (side.watch, side.side) {
        (Watch::Voltage, Side::Under) => "UV",
        (Watch::Voltage, Side::Over) => "OV",
        (Watch::Frequency, Side::Under) => "UF",
        (Watch::Frequency, Side::Over) => "OF",
    };
    let own = points
        .into_iter()
        .enumerate()
        .map(|(i, (threshold, delay_s))| ProtectionElement {
            name: format!("{letters}{}", i + 1),
            watch: side.watch,
            side: side.side,
            threshold,
            delay_s,
        });
    let others = elements.iter().filter(|e| !side.owns(e)).cloned();
    Some(others.chain(own).collect())
}
