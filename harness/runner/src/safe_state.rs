//! De-energising: the bench's own sequence, each item bounded in time and proven by a reading.
//! One failing item never stops the next. A link that has broken is opened once more for it.

use std::time::Duration;

use gridproof_instruments::error::InstrumentError;
use gridproof_model::event::EventKind;

use crate::open;
use crate::rig::Rig;

/// Wall time an item may take beyond its bench time before its link counts as dead.
const LINK_LIMIT: Duration = Duration::from_secs(10);

/// Run the sequence of the bench file. Returns the events and whether every item was proven.
pub(crate) async fn make_safe(rig: &mut Rig) -> (Vec<EventKind>, bool) {
    let mut events = Vec::new();
    let mut all_proven = true;
    let items = rig.bench.safe_state.clone();
    for item in items {
        let started = rig.clock.now();
        let within = Duration::from_secs_f64(item.within.0);
        let outcome = match attempt(rig, &item.instrument, within).await {
            Attempt::LinkBroke(first) => match open::reopen(rig, &item.instrument).await {
                Ok(()) => attempt(rig, &item.instrument, within).await.outcome(),
                Err(error) => (false, format!("{first}; {error}")),
            },
            done @ Attempt::Done(..) => done.outcome(),
        };
        let took = rig.clock.now().saturating_sub(started);
        let (mut proven, mut proof) = outcome;
        if took > within {
            proven = false;
            proof = format!(
                "{proof}; took {:.1} s, allowed {:.1} s",
                took.as_secs_f64(),
                item.within.0
            );
        }
        all_proven &= proven;
        events.push(EventKind::SafeStateItem {
            item: item.instrument,
            proven,
            proof,
        });
    }
    if let Some(bench) = &rig.emulated {
        let proven = bench.all_sources_off();
        let state = bench.true_state();
        all_proven &= proven;
        events.push(EventKind::SafeStateItem {
            item: "emulated bench".into(),
            proven,
            proof: format!(
                "true state: grid output {}, PV {}, battery {}, DUT relay {}, {:.2} V at the PCC, {:.2} V at the back-up port",
                on_off(state.grid_output),
                on_off(state.pv_on),
                on_off(state.battery_on),
                on_off(state.dut_relay),
                state.pcc_v,
                state.backup_v,
            ),
        });
    }
    (events, all_proven)
}

/// What came of trying to make one instrument safe.
enum Attempt {
    /// Proven or not, with the evidence.
    Done(bool, String),
    /// Nothing is known: another link may do better.
    LinkBroke(String),
}

impl Attempt {
    fn outcome(self) -> (bool, String) {
        match self {
            Attempt::Done(proven, evidence) => (proven, evidence),
            Attempt::LinkBroke(problem) => (false, problem),
        }
    }
}

async fn attempt(rig: &mut Rig, name: &str, within: Duration) -> Attempt {
    let Some(instrument) = rig.by_name(name) else {
        return Attempt::Done(true, "not connected for this DUT".to_owned());
    };
    match tokio::time::timeout(LINK_LIMIT.max(within), instrument.make_safe()).await {
        Ok(Ok(proof)) => Attempt::Done(proof.proven, proof.evidence),
        Ok(Err(error @ InstrumentError::Link { .. })) => Attempt::LinkBroke(error.to_string()),
        Ok(Err(error)) => Attempt::Done(false, error.to_string()),
        Err(_) => Attempt::LinkBroke("no answer in time".to_owned()),
    }
}

fn on_off(on: bool) -> &'static str {
    if on { "on" } else { "off" }
}
