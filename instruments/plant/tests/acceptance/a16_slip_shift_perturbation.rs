//! The other active methods against their closed forms: slip-mode frequency shift, voltage shift and
//! alternating reactive power (docs/models.md 7.3).

use gridproof_plant::Plant;
use gridproof_plant::config::{AntiIslanding, CurrentReference, ProtectionElement, Watch};
use gridproof_plant::input::Input;
use gridproof_plant::signal::{DutState, MeterPoint};

use crate::common::*;
use crate::frequency_loop::{METER_S, P, lags, run_on, two_lags};
use crate::island_load::{Load, connected, islanded, limits, unprotected};
use crate::show;

/// Limits of the slip mode's tests lie so far from the grid, Hz: its sine is straight within 5 % there.
const OFFSET_HZ: f64 = 1.0;
/// Frequency at which the slip mode turns the most, from the grid's, Hz.
const AT_HZ: f64 = 3.0;

fn sms(max_deg: f64) -> AntiIslanding {
    AntiIslanding::Sms {
        max_deg,
        at_hz: AT_HZ,
    }
}

/// Slope of θm sin((π/2)(f − fg)/(fm − fg)) at fg over that of the load, 2Qf/fr.
fn slip_gain(max_deg: f64, load: &Load) -> f64 {
    max_deg.to_radians() * std::f64::consts::FRAC_PI_2 / AT_HZ / (2.0 * load.qf() / load.fr())
}

#[rstest::rstest]
fn slip_mode_runs_on_as_its_loop_says(
    #[values(10.0, 16.0)] max_deg: f64,
    #[values(0.01, 0.02, -0.01, -0.02)] dq: f64,
) {
    let (time, load) = run_on(sms(max_deg), OFFSET_HZ, dq);
    let g = slip_gain(max_deg, &load);
    let expected = two_lags(g, (load.fr() - 50.0).abs(), lags(&load), OFFSET_HZ) + METER_S;
    if show() {
        eprintln!("θm {max_deg}° dQ {dq}: g {g:.2}, {time:?} s, closed form {expected:.3} s");
    }
    let time = time.expect("trips");
    assert!((time / expected - 1.0).abs() < 0.1, "{time} {expected}");
}

/// It detects where π θm/(2 (fm − fg)) > 2 Qf/fr: for quality 1 above 4.38°.
#[rstest::rstest]
fn slip_mode_needs_its_slope(#[values(0.8, 0.95, 1.06, 1.3)] g: f64) {
    let load = Load::new(230.0, P, 1.0, 0.0, 0.002);
    let max_deg = g / slip_gain(1.0, &load);
    let (time, _) = run_on(sms(max_deg), OFFSET_HZ, 0.002);
    assert_eq!(time.is_some(), g > 1.0, "θm {max_deg}°: {time:?}");
}

/// Time constant of the average of the voltage, s.
const AVERAGE_S: f64 = 2.0;
/// The switch opens in the zero of its current, the tank follows and the unit measures: so late the
/// voltage may be, s.
const LATE_S: f64 = 0.16;

/// A unit that shifts its voltage, with a loop gain g = K Vn R/(2V), on a load that takes P (1 + dp).
struct Shifting {
    load: Load,
    /// A/V.
    gain: f64,
}

impl Shifting {
    fn new(g: f64, dp: f64) -> Self {
        let load = Load::new(230.0, P, 1.0, dp, 0.0);
        let v = (P * load.r).sqrt();
        let gain = g * 2.0 * v / (230.0 * load.r);
        Self { load, gain }
    }

    fn opened(&self, protection: Vec<ProtectionElement>) -> Plant {
        let method = AntiIslanding::Svs {
            gain_a_per_v: self.gain,
            average_s: AVERAGE_S,
        };
        let mut config = unprotected(CurrentReference::ConstantPower, method);
        config.dut.protection = protection;
        let mut plant = connected(config, P, self.load);
        // the average forgets how the voltage was without the load
        plant.advance_to(plant.now() + 20 * S);
        plant.apply(Input::GridSwitch {
            closed: false,
            at_deg: Some(0.0),
        });
        plant
    }

    /// V² = R (P + K Vn (V − V̄)) with V̄' = (V − V̄)/τ, for so many seconds from an average on.
    fn volts(&self, mut average: f64, seconds: f64) -> f64 {
        let k = self.gain * 230.0;
        let volts = |average: f64| {
            let half = 0.5 * self.load.r * k;
            half + (half * half + self.load.r * (P - k * average)).sqrt()
        };
        let steps = 20_000;
        for _ in 0..steps {
            average += (volts(average) - average) * seconds / f64::from(steps) / AVERAGE_S;
        }
        volts(average)
    }
}

/// The voltage passes the one of the plain unit, by about g/(1 − g) of the step, and comes back with
/// (1 − g) τ.
#[rstest::rstest]
fn voltage_shift_overshoots_and_lets_go(
    #[values(0.3, 0.5, 0.7)] g: f64,
    #[values(0.02, -0.02)] dp: f64,
) {
    let unit = Shifting::new(g, dp);
    let mut plant = unit.opened(Vec::new());
    let start = plant.now();
    let before = plant.reading_cycle(MeterPoint::DutGrid).volts;
    for at_s in [0.5, 0.8, 1.2, 2.0, 4.0] {
        plant.advance_to(start + (at_s * 1e9) as u64);
        let volts = plant.reading_cycle(MeterPoint::DutGrid).volts;
        let (now, late) = (unit.volts(before, at_s), unit.volts(before, at_s - LATE_S));
        if show() {
            eprintln!("g {g} ΔP {dp} {at_s} s: {volts:.4} V, closed form {now:.4}…{late:.4} V");
        }
        let between = now.min(late) - 0.02..=now.max(late) + 0.02;
        assert!(
            between.contains(&volts),
            "g {g} ΔP {dp} {at_s} s: {volts} {between:?}"
        );
    }
}

/// Above a gain of one it leaves any limits, whichever way the imbalance pushes.
#[rstest::rstest]
fn voltage_shift_leaves_the_limits_above_a_gain_of_one(
    #[values(0.85, 0.95, 1.1, 1.3)] g: f64,
    #[values(0.002, -0.002)] dp: f64,
) {
    let protection = limits(Watch::Voltage, (207.0, 253.0), 0.1);
    let mut plant = Shifting::new(g, dp).opened(protection);
    plant.advance_to(plant.now() + 10 * S);
    assert_eq!(plant.state().dut != DutState::Grid, g > 1.0);
}

/// Each half of the perturbation ends at the frequency at which the load takes what is added:
/// Qf (f/fr − fr/f) = ±q.
#[rstest::rstest]
fn alternating_vars_move_the_frequency_to_and_fro(
    #[values(0.02, 0.05)] step_pu: f64,
    #[values(1.0, 2.0)] qf: f64,
) {
    let load = Load::new(230.0, P, qf, 0.0, 0.0);
    let method = AntiIslanding::ReactivePerturbation {
        step_pu,
        cycles: 50,
    };
    let config = unprotected(CurrentReference::ConstantPower, method);
    let rated_va = config.dut.rated_apparent_va;
    let mut plant = islanded(config, P, load, 0.0);
    let start = plant.now();
    let mut seen: Vec<f64> = Vec::new();
    while plant.now() < start + 8 * S {
        plant.advance_to(plant.now() + 20 * MS);
        if plant.now() > start + 4 * S {
            seen.push(plant.reading_cycle(MeterPoint::DutGrid).hz);
        }
    }
    let x = step_pu * rated_va / P / (2.0 * load.qf());
    let high = load.fr() * (x + (1.0 + x * x).sqrt());
    let low = load.fr() * (-x + (1.0 + x * x).sqrt());
    let most = seen.iter().copied().fold(f64::MIN, f64::max);
    let least = seen.iter().copied().fold(f64::MAX, f64::min);
    if show() {
        eprintln!(
            "q {step_pu} Qf {qf}: {least:.3}…{most:.3} Hz, closed form {low:.3}…{high:.3} Hz"
        );
    }
    assert!((most - high).abs() < 0.02 && (least - low).abs() < 0.02);
    // it turns after 50 cycles, a second
    let turns = seen
        .windows(2)
        .filter(|pair| (pair[0] > load.fr()) != (pair[1] > load.fr()))
        .count();
    assert!((3..=4).contains(&turns), "{turns}");
}
