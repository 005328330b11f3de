//! The wires of the bench: the plant, and the DRM port that several relay banks share.

use std::collections::BTreeMap;

use gridproof_model::fault::{FaultKind, MeterQuantity};
use gridproof_plant::input::Input;
use gridproof_plant::{Nanos, Plant, Stuck};

use crate::fault_codes::FaultCodes;
use crate::serve::Wire;
use crate::session::Session;

/// Nanoseconds per second.
pub(crate) const SECOND: Nanos = 1_000_000_000;
/// Nanoseconds per millisecond.
pub(crate) const MILLISECOND: Nanos = 1_000_000;

/// Two pins of the DRM port, lower number first.
pub(crate) type Pins = (u8, u8);

/// Everything instruments are wired to.
pub(crate) struct Field {
    /// The physics.
    pub(crate) plant: Plant,
    /// Pairs of pins shorted by each relay bank.
    drm: BTreeMap<String, Vec<Pins>>,
    /// Pairs that each bank was last told to short.
    drm_wanted: BTreeMap<String, Vec<Pins>>,
    /// Relays that stick, by bank and pair.
    drm_stuck: BTreeMap<(String, Pins), Stuck>,
    /// The DUT reads its DRM port at all.
    drm_enabled: bool,
    /// The product's names for its faults.
    pub(crate) codes: FaultCodes,
}

impl Field {
    /// Wires around a plant.
    pub(crate) fn new(plant: Plant, codes: FaultCodes) -> Self {
        Self {
            plant,
            codes,
            drm: BTreeMap::new(),
            drm_wanted: BTreeMap::new(),
            drm_stuck: BTreeMap::new(),
            drm_enabled: true,
        }
    }

    /// Now.
    pub(crate) fn now(&self) -> Nanos {
        self.plant.now()
    }

    /// The pairs that `bank` shorts from now on.
    pub(crate) fn short_pins(&mut self, bank: &str, pairs: Vec<Pins>) {
        let wanted: Vec<Pins> = pairs
            .into_iter()
            .map(|(a, b)| (a.min(b), a.max(b)))
            .collect();
        let closed = self.drm.get(bank).cloned().unwrap_or_default();
        let stuck = |pins: &Pins| self.drm_stuck.get(&(bank.to_owned(), *pins)).copied();
        let mut now: Vec<Pins> = wanted
            .iter()
            .copied()
            .filter(|pins| stuck(pins) != Some(Stuck::Open) || closed.contains(pins))
            .collect();
        let welded = closed
            .iter()
            .copied()
            .filter(|pins| stuck(pins) == Some(Stuck::Closed) && !wanted.contains(pins));
        now.extend(welded);
        self.drm.insert(bank.to_owned(), now);
        self.drm_wanted.insert(bank.to_owned(), wanted);
        self.apply_pins();
    }

    /// Makes the relay of `bank` that shorts `pins` stick, or mends it with `None`.
    pub(crate) fn stick_relay(&mut self, bank: &str, (a, b): Pins, stuck: Option<Stuck>) {
        let key = (bank.to_owned(), (a.min(b), a.max(b)));
        match stuck {
            Some(stuck) => {
                self.drm_stuck.insert(key, stuck);
            }
            None => {
                self.drm_stuck.remove(&key);
                let wanted = self.drm_wanted.get(bank).cloned().unwrap_or_default();
                self.short_pins(bank, wanted);
            }
        }
    }

    /// Lets the DUT read its DRM port, or not (the enable bit of its interface).
    pub(crate) fn enable_drm(&mut self, enabled: bool) {
        if self.drm_enabled != enabled {
            self.drm_enabled = enabled;
            self.apply_pins();
        }
    }

    fn apply_pins(&mut self) {
        let mut pairs: Vec<Pins> = Vec::new();
        if self.drm_enabled {
            for &pair in self.drm.values().flatten() {
                if !pairs.contains(&pair) {
                    pairs.push(pair);
                }
            }
            pairs.sort_unstable();
        }
        self.plant.apply(Input::DrmPins(pairs));
    }
}

/// What a fault does inside an instrument.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Disturbance {
    /// The source's protection opens the output.
    Trip,
    /// The gain for a quantity moves from `since` on: (1 + step) × (1 + per_s × elapsed).
    Drift {
        /// What is measured.
        quantity: MeterQuantity,
        /// Change at once.
        step: f64,
        /// Change per second.
        per_s: f64,
        /// Beginning.
        since: Nanos,
    },
    /// The sample clock runs fast by this fraction.
    Skew(f64),
    /// Nothing leaves the instrument any more, or it does again.
    Silence(bool),
    /// A drift or skew of this kind is over.
    Mended(FaultKind),
}

/// Factors on the readings of a meter that has left its specification.
#[derive(Debug, Clone, Default)]
pub(crate) struct Drifts {
    active: Vec<(MeterQuantity, f64, f64, Nanos)>,
}

impl Drifts {
    /// Begins or ends a drift.
    pub(crate) fn disturb(&mut self, what: Disturbance) {
        match what {
            Disturbance::Drift {
                quantity,
                step,
                per_s,
                since,
            } => self.active.push((quantity, step, per_s, since)),
            Disturbance::Mended(FaultKind::MeterDrift) => self.active.clear(),
            Disturbance::Mended(_)
            | Disturbance::Trip
            | Disturbance::Silence(_)
            | Disturbance::Skew(_) => {}
        }
    }

    /// Factor on readings of `quantity` alone at `now`.
    pub(crate) fn factor(&self, quantity: MeterQuantity, now: Nanos) -> f64 {
        self.active
            .iter()
            .filter(|drift| drift.0 == quantity)
            .map(|&(_, step, per_s, since)| {
                let elapsed = now.saturating_sub(since) as f64 * 1e-9;
                (1.0 + step) * (1.0 + per_s * elapsed)
            })
            .product()
    }
}

/// An instrument on the bench, whatever it speaks.
pub(crate) trait Instrument {
    /// Uses the bytes in `session.input` and puts replies into `session.output`.
    fn receive(&mut self, session: &mut Session, field: &mut Field);

    /// When the instrument next does something by itself.
    fn next_event(&self) -> Option<Nanos>;

    /// Does what is due at the plant's present time.
    fn on_time(&mut self, field: &mut Field);

    /// The instrument is powered with the bench: its set-points reach the plant.
    fn power_on(&mut self, _field: &mut Field) {}

    /// How it is spoken to.
    fn wire(&self) -> Wire {
        Wire::Stream
    }

    /// What it speaks in datagrams over UDP besides.
    fn datagrams(&self) -> Option<Wire> {
        None
    }

    /// The status byte as a serial poll reads it, where the instrument has one.
    fn status_byte(&mut self, _field: &Field) -> u8 {
        0
    }

    /// Whether faults of this kind inside the instrument are modelled.
    fn takes(&self, _fault: FaultKind) -> bool {
        false
    }

    /// A fault inside the instrument begins or ends.
    fn disturb(&mut self, _what: Disturbance, _field: &mut Field) {}

    /// Set-points that only the instrument holds, each named with its unit.
    fn set_points(&self) -> Vec<(&'static str, f64)> {
        Vec::new()
    }
}
