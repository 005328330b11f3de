//! Energies between sources, grid and loads: the integrals of powers that are known, in waveforms and
//! phasors alike, and in balance with what the terminals of the DUT deliver.

use gridproof_plant::config::{PlantConfig, SiteCounters};
use gridproof_plant::input::{DutCommand, Input};
use gridproof_plant::signal::Signal;
use gridproof_plant::{Plant, SiteFlow, SiteFlows};

use crate::common::*;
use crate::show;

/// Longest recording in a row, s.
const RECORDED: u64 = 10;

/// How the bench is computed.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Rate {
    /// Phasors wherever nothing moves.
    Phasors,
    /// A recording every two minutes.
    Both,
}

fn counting() -> PlantConfig {
    let mut config = quick();
    config.dut.site_counters = SiteCounters::Present;
    config
}

fn load(r_ohm: f64) -> Input {
    Input::IslandLoad {
        l_ohm: 0.0,
        r_ohm: Some(r_ohm),
        l_h: None,
        c_f: None,
    }
}

fn pass(plant: &mut Plant, seconds: u64, rate: Rate) {
    let end = plant.now() + seconds * S;
    while plant.now() < end {
        if rate == Rate::Both {
            arm(plant, &[Signal::GridVoltage], 1000, RECORDED as f64);
        }
        let next = plant.now() + 12 * RECORDED * S;
        plant.advance_to(next.min(end));
    }
}

/// Power through the resistor at the PCC, W.
fn taken(plant: &Plant, r_ohm: f64) -> f64 {
    plant.state().pcc_v.powi(2) / r_ohm
}

fn since(plant: &Plant, before: &SiteFlows, flow: SiteFlow) -> f64 {
    plant.site_energy().of(flow) - before.of(flow)
}

fn near(what: &str, got: f64, expected: f64, within: f64) {
    if show() {
        eprintln!(
            "{what}: {got:.1} J, expected {expected:.1} J, {:.1e}",
            got / expected - 1.0
        );
    }
    assert!(
        (got - expected).abs() <= within,
        "{what}: {got} J, not {expected} J"
    );
}

/// Resistor of the load, power of the DUT, and flows as multiples of load and DUT power.
type Phase<'a> = (f64, f64, &'a [(SiteFlow, f64, f64)]);

/// An hour: serves a load and feeds the rest; serves a part of a load; is charged beside a load. The
/// truth is V²/R of the load and the powers that the DUT was told and shows.
#[rstest::rstest]
#[case(Rate::Phasors, 50.0)]
#[case(Rate::Both, 50.0)]
#[case(Rate::Both, 49.7)]
fn an_hour_of_known_powers(#[case] rate: Rate, #[case] hz: f64) {
    let mut config = counting();
    config.dut.volt_var.enabled = false;
    config.dut.volt_watt.enabled = false;
    let mut plant = feeding(config, 2000.0);
    // the battery alone
    plant.apply(Input::PvOutput {
        input: 0,
        on: false,
    });
    plant.apply(grid(230.0, hz));
    plant.apply(Input::IslandLoadSwitch { closed: true });
    let phases: [Phase<'_>; 3] = [
        (
            52.9,
            2000.0,
            &[
                (SiteFlow::Export, -1.0, 1.0),
                (SiteFlow::BatteryToGrid, -1.0, 1.0),
                (SiteFlow::BatteryToLoad, 1.0, 0.0),
            ],
        ),
        (
            15.0,
            2000.0,
            &[
                (SiteFlow::Import, 1.0, -1.0),
                (SiteFlow::GridToLoad, 1.0, -1.0),
                (SiteFlow::BatteryToLoad, 0.0, 1.0),
            ],
        ),
        (
            52.9,
            -1500.0,
            &[
                (SiteFlow::Import, 1.0, -1.0),
                (SiteFlow::GridToLoad, 1.0, 0.0),
                (SiteFlow::GridToBattery, 0.0, -1.0),
            ],
        ),
    ];
    for (r_ohm, watts, flows) in phases {
        plant.apply(load(r_ohm));
        plant.apply(Input::Dut(DutCommand::ActivePower(Some(watts))));
        plant.advance_to(plant.now() + 20 * S);
        let (before, energy) = (plant.site_energy(), plant.energy());
        pass(&mut plant, 1200, rate);
        let (load_w, dut_w) = (taken(&plant, r_ohm), plant.state().dut_w);
        assert!((dut_w - watts).abs() < 5.0, "{dut_w}");
        let name = |of: &str| format!("{rate:?} {hz} Hz {watts} W {of}");
        let total = since(&plant, &before, SiteFlow::Load);
        near(
            &name("Load"),
            total,
            load_w * 1200.0,
            2e-4 * load_w * 1200.0,
        );
        for (flow, of_load, of_dut) in flows {
            let expected = (of_load * load_w + of_dut * dut_w) * 1200.0;
            let what = name(&format!("{flow:?}"));
            near(
                &what,
                since(&plant, &before, *flow),
                expected,
                5e-4 * 1200.0 * 2000.0,
            );
        }
        // what the terminals delivered by the books of the DUT, and what the grid gave, is the load
        let delivered = plant.energy().since(&energy).ac_j;
        let grid =
            since(&plant, &before, SiteFlow::Import) - since(&plant, &before, SiteFlow::Export);
        near(&name("balance"), grid + delivered, total, 1e-4 * total);
        let to_load = [
            SiteFlow::GridToLoad,
            SiteFlow::BatteryToLoad,
            SiteFlow::PvToLoad,
        ];
        let to_load: f64 = to_load
            .iter()
            .map(|&flow| since(&plant, &before, flow))
            .sum();
        near(&name("to the load"), to_load, total, 1e-9 * total);
    }
}

/// Losses of grid and returns in waveforms: the load at the back-up port is counted through it all.
#[test]
fn back_up_and_back() {
    let mut plant = feeding(counting(), 2000.0);
    let r_ohm = 40.0;
    plant.apply(Input::BackupLoad { r_ohm: Some(r_ohm) });
    plant.advance_to(plant.now() + 10 * S);
    let (before, energy) = (plant.site_energy(), plant.energy());
    for _ in 0..5 {
        for closed in [false, true] {
            plant.apply(Input::GridOutput {
                closed,
                at_deg: None,
            });
            plant.advance_to(plant.now() + 60 * S);
        }
    }
    let backup = since(&plant, &before, SiteFlow::BackupLoad);
    let nominal = 600.0 * 230.0_f64.powi(2) / r_ohm;
    near("back-up", backup, nominal, 0.01 * nominal);
    let total = since(&plant, &before, SiteFlow::Load);
    near("site", total, backup, 2e-3 * backup);
    let grid = since(&plant, &before, SiteFlow::Import) - since(&plant, &before, SiteFlow::Export);
    let delivered = plant.energy().since(&energy).ac_j;
    near("balance", grid + delivered, backup, 1e-3 * backup);
}
