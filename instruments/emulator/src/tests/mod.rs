//! Conversations with every emulated model, byte for byte, and what they do to the plant.

mod ac_source;
mod adam_ascii;
mod analyser_groups;
mod analysers;
mod chain;
mod chamber_programs;
mod dc_sources;
mod dut;
mod effects;
mod fault_codes;
mod faults;
mod grid_output;
mod hand_over;
mod harmonics;
mod healthy;
mod measuring;
mod meters;
mod pack;
mod parser;
mod read_back;
mod saj;
mod saj_hs2;
mod scope;
mod second_bench;
mod second_faults;
mod strangers;
mod sunspec;
mod sunspec_settings;
mod switching;
mod triggers;
mod two_arrays;
mod visa;
mod visa_edges;
mod waveforms;
mod world;

use std::time::Duration;

use gridproof_model::behaviour::Behaviour;
use gridproof_model::bench::Bench;
use gridproof_model::dut::DutProfile;
use gridproof_model::grid_code::GridCode;
use gridproof_model::load;

use crate::EmulatedBench;
use crate::session::Session;

pub(crate) fn fixture(path: &str) -> String {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/");
    std::fs::read_to_string(format!("{root}{path}")).expect("a fixture")
}

pub(crate) fn profile(name: &str) -> DutProfile {
    load::parse_dut(name, &fixture(&format!("duts/{name}.yaml"))).expect("a good profile")
}

pub(crate) fn codes() -> Vec<GridCode> {
    ["as-nzs-4777.2-2020-a", "iec-61727-2004", "iec-62116-2014"]
        .into_iter()
        .map(|name| {
            load::parse_grid_code(name, &fixture(&format!("grid-codes/{name}.yaml"))).expect("good")
        })
        .collect()
}

/// The embedded bench with a DUT.
pub(crate) fn bench_with(dut: &str, seed: u64) -> EmulatedBench {
    let dut = profile(dut);
    bench_behaving(&dut, &dut.behaviour, seed)
}

/// The embedded bench as parsed.
pub(crate) fn embedded() -> Bench {
    load::parse_bench("embedded", &fixture("benches/embedded.yaml")).expect("good")
}

/// The embedded bench with a DUT that behaves as told.
pub(crate) fn bench_behaving(dut: &DutProfile, behaviour: &Behaviour, seed: u64) -> EmulatedBench {
    EmulatedBench::new(&embedded(), dut, behaviour, &codes(), seed).expect("a bench")
}

pub(crate) const SAJ: &str = "saj-as1-3ks-5.1";
pub(crate) const HS2: &str = "saj-hs2-5k-s2";
pub(crate) const AUX: &str = "aux-asg-5sl-zh";

/// A conversation with one instrument.
pub(crate) struct Talk {
    pub(crate) bench: EmulatedBench,
    pub(crate) name: &'static str,
    session: Session,
}

impl Talk {
    pub(crate) fn new(bench: &EmulatedBench, name: &'static str) -> Self {
        Self {
            bench: bench.clone(),
            name,
            session: Session::default(),
        }
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> Vec<u8> {
        self.bench.exchange(self.name, &mut self.session, bytes)
    }

    /// A line with LF; what came back as text.
    pub(crate) fn say(&mut self, line: &str) -> String {
        let reply = self.bytes(format!("{line}\n").as_bytes());
        String::from_utf8_lossy(&reply).into_owned()
    }

    /// Several lines, none of which may answer or fail.
    pub(crate) fn set(&mut self, error_query: &str, lines: &[&str]) {
        for line in lines {
            assert_eq!(self.say(line), "", "{line} answered");
            let error = self.say(error_query);
            assert!(error.contains("0,"), "{error}");
            let code = error
                .rsplit(' ')
                .next_back()
                .unwrap_or("")
                .split(',')
                .next()
                .unwrap_or("");
            assert!(
                error.starts_with('0') || code == "0" || error.contains(" 0,"),
                "{line}: {error}"
            );
        }
    }
}

pub(crate) fn advance(bench: &EmulatedBench, seconds: f64) {
    bench.advance_to(bench.now() + Duration::from_secs_f64(seconds));
}
