//! Same seed, same bits: in every run, on every thread, and whatever else is captured.

use gridproof_plant::Plant;
use gridproof_plant::input::Input;
use gridproof_plant::signal::{Capture, Signal};

use crate::common::*;

/// FNV-1a over the raw samples.
fn hash(capture: &Capture) -> u64 {
    capture
        .data
        .iter()
        .flatten()
        .flat_map(|x| x.to_bits().to_le_bytes())
        .fold(0xcbf2_9ce4_8422_2325, |h, byte| {
            (h ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        })
}

/// A transfer with relay scatter and a return; `with` more signals are captured.
fn story(seed: u64, with: &[Signal]) -> (u64, String) {
    let mut config = quick();
    config.seed = seed;
    let mut plant = feeding(config, 2000.0);
    plant.apply(Input::BackupLoad { r_ohm: Some(40.0) });
    plant.advance_to(12 * S);
    let mut signals = vec![Signal::BackupVoltage];
    signals.extend(with);
    arm(&mut plant, &signals, 50_000, 0.5);
    plant.apply(Input::GridSwitch {
        closed: false,
        at_deg: Some(70.0),
    });
    plant.advance_to(12 * S + 600 * MS);
    let mut capture = plant.take_capture().expect("done");
    capture.data.truncate(1);
    plant.apply(Input::GridSwitch {
        closed: true,
        at_deg: None,
    });
    plant.advance_to(20 * S);
    (hash(&capture), format!("{:?}", plant.state()))
}

#[test]
fn more_channels_change_no_sample() {
    let alone = story(3, &[]);
    let all = story(
        3,
        &[Signal::DutCurrent, Signal::GridVoltage, Signal::DutRelay],
    );
    assert_eq!(alone, all);
    assert_ne!(alone.0, story(4, &[]).0, "the seed moves the relay");
}

#[test]
fn threads_do_not_matter() {
    let alone = story(3, &[]);
    let both: Vec<_> = (0..2)
        .map(|_| std::thread::spawn(|| story(3, &[])))
        .collect();
    for thread in both {
        assert_eq!(thread.join().expect("runs"), alone);
    }
}

/// The end of a run is the same whether a recorder was armed in waveform mode or not.
#[test]
fn capture_on_or_off_ends_alike() {
    let run = |captured: bool| {
        let mut plant = feeding(quick(), 2000.0);
        let event = |plant: &mut Plant, input: Input| {
            plant.apply(input);
            plant.advance_to(plant.now() + 20 * MS);
        };
        // waveform mode in both runs: the events see to it
        event(&mut plant, grid(215.0, 50.0));
        if captured {
            arm(&mut plant, &[Signal::GridVoltage], 50_000, 0.1);
        }
        plant.advance_to(plant.now() + 100 * MS);
        event(&mut plant, grid(290.0, 50.0));
        plant.advance_to(plant.now() + 150 * MS);
        format!("{:?}", plant.state())
    };
    assert_eq!(run(false), run(true));
}
