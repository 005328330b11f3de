//! Grid-following current control: reference from P and Q, proportional-resonant controller
//! with resonators at 1, 3 and 5 times the frequency (docs/models.md 4.3).

use crate::config::{CurrentReference, Filter};
use crate::output_quality::Disturbance;
use crate::sogi_pll::SogiPll;

/// Orders of the resonators.
const ORDERS: [f64; 3] = [1.0, 3.0, 5.0];
/// Resonator gains relative to the proportional gain, 1/s: 1500 and 300 V/(A·s) at 8 V/A.
const RESONANT: [f64; 3] = [190.0, 38.0, 38.0];
/// Bandwidth of the proportional loop, rad/s (600 Hz).
const BANDWIDTH: f64 = 600.0 * std::f64::consts::TAU;
/// From the sample to the middle of the interval the bridge holds its value, control periods.
pub(crate) const DELAY_PERIODS: f64 = 1.5;
/// Low-pass of the feed-forward of the residual voltage, s.
const FEED_FORWARD_TAU: f64 = 60e-6;

/// What the bridge shall inject.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct PowerReference {
    /// W.
    pub(crate) p: f64,
    /// var, > 0 over-excited.
    pub(crate) q: f64,
    /// Cosine and sine of the lead of the current (anti-islanding).
    pub(crate) turn: (f64, f64),
    /// What the current is made from.
    pub(crate) reference: CurrentReference,
}

/// Proportional-resonant controller of the grid-side current.
#[derive(Debug, Clone)]
pub(crate) struct CurrentControl {
    period_s: f64,
    kp: f64,
    /// What a period adds to the resonators, V per A of error.
    resonant: [f64; 3],
    /// What a period keeps of the difference to the residual voltage.
    follow: f64,
    v_max: f64,
    i_max: f64,
    feed_forward: f64,
    z: [(f64, f64); 3],
    rotation_w: f64,
    rotation: [(f64, f64); 3],
    advance: (f64, f64),
    disturbance: Disturbance,
    /// Reference of direct current, A: the controller has no integrator at zero frequency.
    dc_reference: f64,
    nominal_peak: f64,
    /// Nominal frequency, turns per control period.
    nominal_step: f64,
    /// Angle of the untracked reference at the next tick, turns.
    free_turns: f64,
    /// Last reference, A.
    pub(crate) reference: f64,
    /// Amplitude of the last reference, A peak.
    pub(crate) amplitude: f64,
}

impl CurrentControl {
    /// Controller for a filter; `v_max` is the dc bus, `i_max` the peak of the current limit,
    /// `nominal` V RMS and Hz.
    pub(crate) fn new(
        period_s: f64,
        filter: &Filter,
        v_max: f64,
        i_max: f64,
        nominal: (f64, f64),
        disturbance: Disturbance,
    ) -> Self {
        let kp = BANDWIDTH * (filter.l1_h + filter.l2_h);
        Self {
            period_s,
            kp,
            resonant: RESONANT.map(|gain| gain * kp * period_s),
            follow: period_s / (FEED_FORWARD_TAU + period_s),
            v_max,
            i_max,
            feed_forward: 0.0,
            z: [(0.0, 0.0); 3],
            rotation_w: 0.0,
            rotation: [(1.0, 0.0); 3],
            advance: (1.0, 0.0),
            disturbance,
            dc_reference: disturbance.dc() * (1.0 + (filter.r1_ohm + filter.r2_ohm) / kp),
            nominal_peak: nominal.0 * std::f64::consts::SQRT_2,
            nominal_step: nominal.1 * period_s,
            free_turns: 0.0,
            reference: 0.0,
            amplitude: 0.0,
        }
    }

    /// The dc bus bounds the bridge.
    #[inline]
    pub(crate) fn set_bus(&mut self, volts: f64) {
        self.v_max = volts;
    }

    /// Forgets the past.
    pub(crate) fn reset(&mut self) {
        self.z = [(0.0, 0.0); 3];
        self.feed_forward = 0.0;
    }

    /// The untracked reference runs on from the angle of the voltage at the next tick.
    pub(crate) fn anchor(&mut self, turns: f64) {
        self.free_turns = turns;
    }

    /// Starts settled: the fundamental resonator supplies `drop` = bridge minus terminal
    /// voltage as (in phase, quadrature) of a sine whose angle is `turns` at the next tick.
    pub(crate) fn settle(&mut self, drop: (f64, f64), turns: f64, w: f64) {
        self.reset();
        self.anchor(turns);
        self.follow(w);
        // `turns` is the angle at the next tick, which itself rotates by one period
        let ahead = (DELAY_PERIODS - 1.0) * w * self.period_s / std::f64::consts::TAU;
        let (s, c) = crate::trig::sincos_turns(turns + ahead);
        // value Re z, z turns counter-clockwise: drop·e^{jθ} with the sine as imaginary part
        self.z[0] = (drop.0 * s + drop.1 * c, drop.1 * s - drop.0 * c);
    }

    /// Rotation of the resonators for a frequency; recomputed only when it has moved.
    fn follow(&mut self, w: f64) {
        if (w - self.rotation_w).abs() > 1e-4 {
            self.rotation_w = w;
            for (rotation, order) in self.rotation.iter_mut().zip(ORDERS) {
                let (s, c) = crate::trig::sincos(order * w * self.period_s);
                *rotation = (c, s);
            }
            let (s, c) = crate::trig::sincos(DELAY_PERIODS * w * self.period_s);
            self.advance = (c, s);
        }
    }

    /// The two quadratures the current is made from, and the gain that turns them with P and Q
    /// into amperes: i* = 2(P vα + Q vβ)/|v|² for constant power.
    #[inline]
    fn shape(
        &mut self,
        reference: CurrentReference,
        alpha: f64,
        beta: f64,
        floor_v: f64,
    ) -> (f64, f64, f64) {
        let square = (alpha * alpha + beta * beta).max(floor_v * floor_v);
        match reference {
            CurrentReference::ConstantPower => (alpha, beta, 2.0 / square),
            CurrentReference::ConstantCurrent => {
                (alpha, beta, 2.0 / (square.sqrt() * self.nominal_peak))
            }
            CurrentReference::Untracked => {
                let (s, c) = crate::trig::sincos_turns(self.free_turns);
                self.free_turns += self.nominal_step;
                self.free_turns -= crate::trig::floor(self.free_turns);
                let peak = self.nominal_peak;
                (peak * s, -peak * c, 2.0 / (peak * peak))
            }
        }
    }

    /// One control period: bridge voltage to hold from the next tick on.
    #[inline]
    pub(crate) fn step(
        &mut self,
        power: PowerReference,
        sync: &SogiPll,
        v: f64,
        i: f64,
        floor_v: f64,
    ) -> f64 {
        self.follow(match power.reference {
            CurrentReference::ConstantPower | CurrentReference::ConstantCurrent => sync.w,
            // the resonators stand where the reference is
            CurrentReference::Untracked => {
                self.nominal_step / self.period_s * std::f64::consts::TAU
            }
        });
        let (alpha, beta) = (sync.alpha, sync.beta);
        let (va, vb, gain) = self.shape(power.reference, alpha, beta, floor_v);
        let (lead_c, lead_s) = power.turn;
        let a = va * lead_c - vb * lead_s;
        let b = vb * lead_c + va * lead_s;
        let mut gain = gain;
        let square = va * va + vb * vb;
        let amplitude = (square * (power.p * power.p + power.q * power.q)).sqrt() * gain;
        if amplitude > self.i_max {
            // the amplitude is limited, not the samples: the current stays a sine
            gain *= self.i_max / amplitude;
        }
        self.amplitude = amplitude.min(self.i_max);
        self.reference = gain * (power.p * a + power.q * b);
        let beside = if self.disturbance.distorts() {
            let inverse = 1.0 / (alpha * alpha + beta * beta).sqrt().max(1e-3);
            let rms = self.amplitude * std::f64::consts::FRAC_1_SQRT_2;
            self.disturbance.at(rms, alpha * inverse, -beta * inverse)
        } else {
            0.0
        };
        let e = self.reference + beside + self.dc_reference - i;

        // fundamental of the voltage, advanced by the delay of the bridge, plus the residue
        self.feed_forward += (v - alpha - self.feed_forward) * self.follow;
        let fundamental = alpha * self.advance.0 - beta * self.advance.1;
        let mut u = fundamental + self.feed_forward + self.kp * e;
        let mut next = self.z;
        for (k, state) in next.iter_mut().enumerate() {
            let (x, y) = *state;
            let x = x + self.resonant[k] * e;
            let (c, s) = self.rotation[k];
            *state = (c * x - s * y, s * x + c * y);
            u += state.0;
        }
        if u.abs() <= self.v_max {
            self.z = next;
        } else {
            // at full modulation the resonators turn but do not integrate
            for k in 0..3 {
                let ((x, y), (c, s)) = (self.z[k], self.rotation[k]);
                self.z[k] = (c * x - s * y, s * x + c * y);
            }
            u = u.clamp(-self.v_max, self.v_max);
        }
        u
    }
}
