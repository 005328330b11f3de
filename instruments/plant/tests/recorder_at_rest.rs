//! A record of an island that has died goes on without waveforms; nothing of it may show.
mod common;
use common::*;
use gridproof_plant::Plant;
use gridproof_plant::input::Input;
use gridproof_plant::signal::{
    Capture, CaptureSpec, CaptureState, LowPass, LowPassKind, Signal, Trigger,
};

/// What a record of run-on has.
const SEEN: [Signal; 4] = [
    Signal::GridVoltage,
    Signal::DutCurrent,
    Signal::SourceCurrent,
    Signal::SwitchContact,
];

const CONTACTS: [Signal; 2] = [Signal::SwitchContact, Signal::DrmContact];

/// Takes what the DUT delivers, Ω.
const BALANCED: Option<f64> = Some(17.6);

/// A DUT that feeds a load whose L and C are tuned to it.
fn tuned(backup: bool, r_ohm: Option<f64>) -> Plant {
    let mut config = quick();
    if !backup {
        config.dut.backup = None;
    }
    let mut plant = feeding(config, 3000.0);
    plant.apply(Input::IslandLoad {
        r_ohm,
        l_h: Some(56.1e-3),
        l_ohm: 0.0,
        c_f: Some(180.6e-6),
    });
    plant.apply(Input::IslandLoadSwitch { closed: true });
    plant.advance_to(20 * S);
    plant
}

/// Four seconds at 50 kS/s behind anti-alias filters, half a second before S1 opens, of these signals.
fn arm_run_on(plant: &mut Plant, signals: &[Signal]) {
    let filter = LowPass {
        kind: LowPassKind::Bessel,
        poles: 4,
        cutoff_hz: 20_000.0,
    };
    plant
        .arm(CaptureSpec {
            signals: signals.to_vec(),
            rate_hz: 50_000,
            samples: 200_000,
            pre_samples: 25_000,
            trigger: Trigger::Edge {
                signal: Signal::SwitchContact,
                level: 0.5,
                rising: false,
            },
            low_pass: signals
                .iter()
                .map(|&signal| Some(filter).filter(|_| !CONTACTS.contains(&signal)))
                .collect(),
        })
        .expect("a valid capture");
    plant.advance_to(plant.now() + 600 * MS + 123_457);
}

/// S1 opens now; a time and an input for each later one after that.
fn open(plant: &mut Plant, later: &[(u64, Input)]) {
    let at = plant.now();
    for (after, input) in later {
        plant.schedule(at + after, input.clone());
    }
    plant.apply(Input::GridSwitch {
        closed: false,
        at_deg: None,
    });
}

/// The record, and what the plant says of itself after it. With the back-up voltage recorded, too, the
/// plant has to compute waveforms to the end: its samples are left out.
fn record(mut plant: Plant, waveforms: bool, later: &[(u64, Input)]) -> (Capture, String) {
    let mut signals = SEEN.to_vec();
    if waveforms {
        signals.push(Signal::BackupVoltage);
    }
    arm_run_on(&mut plant, &signals);
    open(&mut plant, later);
    plant.advance_to(plant.now() + 4 * S);
    let mut capture = plant.take_capture().expect("done");
    capture.signals.truncate(SEEN.len());
    capture.data.truncate(SEEN.len());
    let state = plant.state();
    (
        capture,
        format!("{:?} {:?} {:?}", state.at_ns, state.dut, state.last_trip),
    )
}

fn switch(closed: bool) -> Input {
    Input::GridSwitch {
        closed,
        at_deg: None,
    }
}

/// To the bit, also where the grid comes back within the record, at an instant of its own (and the DUT
/// not before its end).
#[rstest::rstest]
fn samples_are_those_of_waveforms(
    #[values(true, false)] backup: bool,
    #[values(None, Some(2_777_777_777))] back: Option<u64>,
) {
    let later: Vec<_> = back
        .map(|after| (after, switch(true)))
        .into_iter()
        .collect();
    let (rested, state) = record(tuned(backup, BALANCED), false, &later);
    let (computed, state_then) = record(tuned(backup, BALANCED), true, &later);
    assert_eq!(state, state_then);
    assert_eq!(rested.start_ns, computed.start_ns);
    assert_eq!(rested.trigger_index, computed.trigger_index);
    for (signal, (a, b)) in SEEN.iter().zip(rested.data.iter().zip(&computed.data)) {
        let apart = a.iter().zip(b).position(|(a, b)| a != b);
        assert_eq!((a.len(), apart), (b.len(), None), "{signal:?}");
    }
    // there was an island, and the record has its end
    let volts = &rested.data[0];
    assert!(rms(&volts[20_000..25_000]) > 220.0);
    if back.is_none() {
        assert!(volts[100_000..].iter().all(|&v| v == 0.0));
    } else {
        assert!(rms(&volts[175_000..200_000]) > 220.0);
    }
}

/// The island's own oscillation is followed until it is far below what any recorder resolves.
#[test]
fn an_island_dies_by_itself() {
    let (capture, _) = record(tuned(false, BALANCED), false, &[]);
    let volts = &capture.data[0];
    let zero = (25_000..volts.len())
        .find(|&k| volts[k..].iter().all(|&v| v == 0.0))
        .expect("dead");
    let last = volts[zero - 2_000..zero]
        .iter()
        .fold(0.0_f32, |m, v| m.max(v.abs()));
    assert!(last < 1e-4 && last > 1e-9, "{last}");
    let end = volts[zero - 1_000..zero]
        .iter()
        .fold(0.0_f32, |m, v| m.max(v.abs()));
    assert!(end < 1e-5, "{end}");
}

/// A load of hardly any loss rings on for minutes: steady from cycle to cycle, but not at rest.
#[test]
fn what_rings_on_is_recorded() {
    let (capture, _) = record(tuned(true, None), false, &[]);
    let (computed, _) = record(tuned(true, None), true, &[]);
    assert!(rms(&capture.data[0][190_000..]) > 100.0);
    assert!(capture == computed);
}

/// What moves nothing but a contact, and nothing at all in phasors, moves it at its instant.
#[test]
fn a_contact_moves_at_its_instant() {
    let after = 2_345_678_912;
    let mut plant = tuned(true, BALANCED);
    arm_run_on(
        &mut plant,
        &[
            Signal::GridVoltage,
            Signal::SwitchContact,
            Signal::DrmContact,
        ],
    );
    let pressed = Input::DrmPins(vec![(1, 6)]);
    let at = plant.now() + after;
    open(&mut plant, &[(after, pressed)]);
    plant.advance_to(at + 2 * S);
    let capture = plant.take_capture().expect("done");
    let first = capture.data[2]
        .iter()
        .position(|&level| level > 0.5)
        .expect("pressed");
    let due = (at - capture.start_ns).div_ceil(20_000);
    assert_eq!(first as u64, due);
}

/// A record is complete at its last sample, not at the next whole slow step, however it is asked for.
#[rstest::rstest]
fn progress_is_that_of_the_samples(#[values(330_000, 50_000_000)] stride: u64) {
    let ends = |waveforms: bool| {
        let mut plant = tuned(true, BALANCED);
        let mut signals = SEEN.to_vec();
        if waveforms {
            signals.push(Signal::BackupVoltage);
        }
        arm_run_on(&mut plant, &signals);
        open(&mut plant, &[]);
        while plant.capture_state() != CaptureState::Done {
            plant.advance_to(plant.now() + stride);
        }
        plant.now()
    };
    assert_eq!(ends(false), ends(true));
}

/// The books of the DUT are kept through the rest.
#[test]
fn energy_is_accounted_for() {
    let mut plant = tuned(true, BALANCED);
    plant.apply(Input::BackupLoad { r_ohm: Some(60.0) });
    let before = plant.energy();
    arm_run_on(&mut plant, &SEEN);
    open(&mut plant, &[]);
    plant.advance_to(plant.now() + 5 * S);
    let moved = plant.energy().since(&before);
    assert!(
        moved.residual_j().abs() <= 1e-6 * moved.throughput_j,
        "{moved:?}"
    );
    let spent = 230.0 * 230.0 / 60.0 * 3.4;
    assert!(moved.ac_j > spent, "{moved:?} {spent}");
}
