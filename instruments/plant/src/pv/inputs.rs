//! The PV inputs of a DUT, each with its own array and tracker.

use super::PvCurve;
use super::tracker::Tracker;
use crate::config::{Dut, Topology};
use crate::rest::Fingerprint;

/// One input.
#[derive(Debug, Clone)]
struct Input {
    curve: PvCurve,
    /// `None` stands at the maximum at any time.
    tracker: Option<Tracker>,
    available_w: f64,
    /// Of the last slow step: W, and V where a tracker decides it.
    taken_w: f64,
    tracked_v: f64,
    /// What the unit takes for itself, W.
    own_w: f64,
}

impl Input {
    fn refresh(&mut self) {
        self.available_w = match &self.tracker {
            None => self.curve.available_w(),
            Some(tracker) => match tracker.volts() {
                Some(volts) => self.curve.watts(volts),
                // before it runs the converter feeds no more than the unit itself needs
                None => self.own_w.min(self.curve.available_w()),
            },
        };
    }

    /// V in the last slow step.
    fn volts(&self) -> f64 {
        match self.tracker {
            None => self.curve.volts_at(self.taken_w),
            Some(_) => self.tracked_v,
        }
    }

    /// A slow step of the tracker. Where the DUT takes less than the operating point gives, the
    /// voltage stands above it, on the falling branch.
    fn track(&mut self) -> bool {
        let Some(tracker) = &mut self.tracker else {
            return false;
        };
        self.tracked_v = match tracker.volts() {
            Some(volts) if self.taken_w >= (1.0 - 1e-9) * self.available_w => {
                // a source that has fallen below the tracker's voltage pulls it down
                volts.min(self.curve.voc())
            }
            Some(_) | None => self.curve.solve(self.taken_w),
        };
        let moved = tracker.step(&self.curve, self.taken_w);
        if moved {
            self.refresh();
        }
        moved
    }
}

/// All inputs; a DUT that is coupled on the ac side has none.
#[derive(Debug, Clone)]
pub(crate) struct PvInputs {
    inputs: Vec<Input>,
    available_w: f64,
    /// Any tracker that moves by itself.
    tracked: bool,
}

impl PvInputs {
    /// Inputs of a DUT that needs `own_w` for itself, nothing connected.
    pub(crate) fn new(dut: &Dut, own_w: f64) -> Self {
        let count = match dut.topology {
            Topology::Hybrid => dut.pv_inputs.max(1),
            Topology::AcCoupled => 0,
        };
        let input = Input {
            curve: PvCurve::default(),
            tracker: dut.mppt.map(|config| Tracker::new(config, dut.tracking)),
            available_w: 0.0,
            taken_w: 0.0,
            tracked_v: 0.0,
            own_w,
        };
        Self {
            inputs: vec![input; count],
            available_w: 0.0,
            tracked: dut.mppt.is_some() && count > 0,
        }
    }

    /// Another source at an input, counted from 0; one that the DUT does not have goes nowhere.
    pub(crate) fn connect(&mut self, index: usize, curve: PvCurve) {
        if let Some(input) = self.inputs.get_mut(index) {
            input.curve = curve;
            input.refresh();
        }
        self.sum();
    }

    fn sum(&mut self) {
        self.available_w = self.inputs.iter().map(|input| input.available_w).sum();
    }

    /// What the sources could give, W.
    pub(crate) fn maximum_w(&self) -> f64 {
        self.inputs
            .iter()
            .map(|input| input.curve.available_w())
            .sum()
    }

    /// What all operating points together give now, W.
    #[inline]
    pub(crate) fn available_w(&self) -> f64 {
        self.available_w
    }

    /// A slow step in which the DUT took `watts` from all inputs. Where it takes less than it could,
    /// every input bears its share.
    #[inline]
    pub(crate) fn take(&mut self, watts: f64) {
        if let [input] = &mut self.inputs[..] {
            input.taken_w = watts;
        } else {
            let share = if self.available_w > 0.0 {
                watts / self.available_w
            } else {
                0.0
            };
            for input in &mut self.inputs {
                input.taken_w = share * input.available_w;
            }
        }
        if self.tracked {
            self.track();
        }
    }

    fn track(&mut self) {
        let mut moved = false;
        for input in &mut self.inputs {
            moved |= input.track();
        }
        if moved {
            self.sum();
        }
    }

    /// A tracker moves by itself.
    #[inline]
    pub(crate) fn tracked(&self) -> bool {
        self.tracked
    }

    /// W taken from the first input in the last slow step.
    #[inline]
    pub(crate) fn first_w(&self) -> f64 {
        self.inputs.first().map_or(0.0, |input| input.taken_w)
    }

    /// V at the first input, if it does not follow from the power.
    #[inline]
    pub(crate) fn first_tracked_v(&self) -> Option<f64> {
        if self.tracked {
            Some(self.volts(0))
        } else {
            None
        }
    }

    /// Open-circuit voltage of the source at an input, V.
    pub(crate) fn open_v(&self, index: usize) -> f64 {
        self.inputs
            .get(index)
            .map_or(0.0, |input| input.curve.voc())
    }

    /// V at an input.
    pub(crate) fn volts(&self, index: usize) -> f64 {
        self.inputs.get(index).map_or(0.0, Input::volts)
    }

    /// V at the first input while it gives `watts`.
    pub(crate) fn first_at(&self, watts: f64) -> f64 {
        self.inputs
            .first()
            .map_or(0.0, |input| input.curve.volts_at(watts))
    }

    /// V at the first input while it gives `watts`, remembered.
    pub(crate) fn solve_first(&mut self, watts: f64) -> f64 {
        self.inputs
            .first_mut()
            .map_or(0.0, |input| input.curve.solve(watts))
    }

    /// The source at an input; none where the DUT has no such input.
    pub(crate) fn curve(&self, index: usize) -> PvCurve {
        let input = self.inputs.get(index);
        input.map_or_else(PvCurve::default, |input| input.curve.clone())
    }

    /// W taken from an input in the last slow step.
    pub(crate) fn watts(&self, index: usize) -> f64 {
        self.inputs.get(index).map_or(0.0, |input| input.taken_w)
    }

    /// Every input, in order, with the relays before them.
    pub(crate) fn states(&self, closed: &[bool]) -> Vec<crate::signal::PvInputState> {
        self.inputs
            .iter()
            .zip(closed)
            .map(|(input, &closed)| crate::signal::PvInputState {
                closed,
                volts: input.volts(),
                watts: input.taken_w,
                maximum_v: input.curve.mpp_v(),
                maximum_w: input.curve.available_w(),
            })
            .collect()
    }

    /// What moves.
    pub(crate) fn fingerprint(&self, f: &mut Fingerprint) {
        for input in &self.inputs {
            if let Some(tracker) = &input.tracker {
                f.add(tracker.volts().unwrap_or(-1.0) / input.curve.voc().max(1.0));
                f.add(tracker.counting());
            }
        }
    }
}
