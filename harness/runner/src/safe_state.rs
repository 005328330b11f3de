//! De-energising: the bench's own sequence, each item bounded in time and proven by a reading.
//! One failing item never stops the next.

use std::time::Duration;

use gridproof_model::event::EventKind;

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
        let outcome = match rig.by_name(&item.instrument) {
            Some(instrument) => {
                match tokio::time::timeout(LINK_LIMIT.max(within), instrument.make_safe()).await {
                    Ok(Ok(proof)) => (proof.proven, proof.evidence),
                    Ok(Err(error)) => (false, error.to_string()),
                    Err(_) => (false, "no answer in time".to_owned()),
                }
            }
            None => (true, "not connected for this DUT".to_owned()),
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

fn on_off(on: bool) -> &'static str {
    if on { "on" } else { "off" }
}
