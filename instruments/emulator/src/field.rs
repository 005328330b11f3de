//! The wires of the bench: the plant, and the DRM port that several relay banks share.

use std::collections::BTreeMap;

use gridproof_plant::input::Input;
use gridproof_plant::{Nanos, Plant};

use crate::session::Session;

/// Nanoseconds per second.
pub(crate) const SECOND: Nanos = 1_000_000_000;
/// Nanoseconds per millisecond.
pub(crate) const MILLISECOND: Nanos = 1_000_000;

/// Everything instruments are wired to.
pub(crate) struct Field {
    /// The physics.
    pub(crate) plant: Plant,
    /// Pairs of pins shorted by each relay bank.
    drm: BTreeMap<String, Vec<(u8, u8)>>,
    /// The DUT reads its DRM port at all.
    drm_enabled: bool,
    /// A fault keeps the battery management system from sending.
    pub(crate) bms_silent: bool,
}

impl Field {
    /// Wires around a plant.
    pub(crate) fn new(plant: Plant) -> Self {
        Self {
            plant,
            drm: BTreeMap::new(),
            drm_enabled: true,
            bms_silent: false,
        }
    }

    /// Now.
    pub(crate) fn now(&self) -> Nanos {
        self.plant.now()
    }

    /// The pairs that `bank` shorts from now on.
    pub(crate) fn short_pins(&mut self, bank: &str, pairs: Vec<(u8, u8)>) {
        self.drm.insert(bank.to_owned(), pairs);
        self.apply_pins();
    }

    /// Lets the DUT read its DRM port, or not (the enable bit of its interface).
    pub(crate) fn enable_drm(&mut self, enabled: bool) {
        if self.drm_enabled != enabled {
            self.drm_enabled = enabled;
            self.apply_pins();
        }
    }

    fn apply_pins(&mut self) {
        let mut pairs: Vec<(u8, u8)> = Vec::new();
        if self.drm_enabled {
            for &(a, b) in self.drm.values().flatten() {
                let pair = (a.min(b), a.max(b));
                if !pairs.contains(&pair) {
                    pairs.push(pair);
                }
            }
            pairs.sort_unstable();
        }
        self.plant.apply(Input::DrmPins(pairs));
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
}
