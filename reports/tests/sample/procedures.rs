//! Judged cases of the procedures with waveforms; `faulty` ones violate some limits.

use gridproof_model::case::{
    AntiIslandingCase, CaseSpec, Curve, CurveKind, CurveStepCase, CurveSweepCase, DeratingCase,
    DrmCase, Flow, TransferCase, TripCase, TripQuantity,
};
use gridproof_model::result::CaseResult;
use gridproof_model::verdict::Mark;

use super::parts::{self, case, criterion, instant, limit, series};

pub fn islanding(dut: &str, faulty: bool) -> Vec<CaseResult> {
    let steps = [
        (0.0, 0.0),
        (0.05, 0.0),
        (-0.05, 0.0),
        (0.0, 0.05),
        (0.0, -0.05),
        (0.05, 0.05),
        (-0.05, -0.05),
        (0.05, -0.05),
        (-0.05, 0.05),
    ];
    let run_on = limit(
        None,
        Some(2.0),
        "grid code as-nzs-4777.2-2020-a, anti-islanding",
    );
    steps
        .iter()
        .enumerate()
        .map(|(index, &(delta_p, delta_q))| {
            let late = faulty && index == 3;
            let value = if late {
                2.41
            } else {
                0.18 + 0.11 * index as f64
            };
            let spec = CaseSpec::AntiIslanding(AntiIslandingCase {
                power_w: 5000.0,
                delta_p,
                delta_q,
                quality_factor: 1.0,
                dc_voltage: AntiIslandingCase::condition_a(),
                run_on: run_on.clone(),
            });
            let mut one = case(
                dut,
                "ISLANDING",
                index,
                &format!("ΔP {:+} %, ΔQ {:+} %", delta_p * 100.0, delta_q * 100.0),
                spec,
            );
            one.criteria = vec![criterion("run-on time", value, 0.0013, "s", &run_on)];
            one.recordings = vec![format!("island_{value}_event.parquet")];
            one.instants = vec![
                instant("S1 opens", "event", 0.5),
                instant("current ceases", "event", 0.5 + value),
            ];
            parts::conclude(one)
        })
        .collect()
}

pub fn transfer(dut: &str, faulty: bool) -> Vec<CaseResult> {
    let max = limit(None, Some(0.010), "manual, UPS switching time");
    let mut cases = Vec::new();
    for (row, load_w) in [0.0, 1000.0, 3000.0, 5000.0].into_iter().enumerate() {
        for step in 0..8 {
            let index = row * 8 + step;
            let value = if faulty && index == 21 {
                0.0123
            } else if faulty && index == 9 {
                0.0099
            } else {
                0.0062 + 0.0004 * step as f64 + 0.0002 * row as f64
            };
            let angle_deg = 45.0 * step as f64;
            let spec = CaseSpec::Transfer(TransferCase {
                load_w,
                angle_deg,
                transfer: max.clone(),
            });
            let mut one = case(
                dut,
                "TRANSFER",
                index,
                &format!("{load_w} W, {angle_deg}°"),
                spec,
            );
            one.criteria = vec![criterion("transfer time (M2)", value, 0.0003, "s", &max)];
            one.recordings = vec![format!("transfer_{value}_event.parquet")];
            one.instants = vec![
                instant("grid opens", "event", 0.0998),
                instant("voltage departs", "event", 0.1),
                instant("voltage restored", "event", 0.1 + value),
            ];
            one.informative = vec![("energy gap".to_owned(), parts::measured(0.42, 0.03, "V·s"))];
            cases.push(parts::conclude(one));
        }
    }
    cases
}

pub fn trips(dut: &str, faulty: bool) -> Vec<CaseResult> {
    let elements = [
        ("OV1", 265.0, 1.0, 2.0),
        ("OV2", 275.0, 0.0, 0.2),
        ("UV1", 180.0, 10.0, 11.0),
        ("UV2", 70.0, 1.0, 2.0),
        ("OF1", 52.0, 0.0, 0.2),
        ("UF1", 47.0, 1.0, 2.0),
    ];
    elements
        .iter()
        .enumerate()
        .map(|(index, &(element, threshold, min, max))| {
            let window = limit(
                (min > 0.0).then_some(min),
                Some(max),
                &format!("grid code as-nzs-4777.2-2020-a, {element}"),
            );
            let value = if faulty && index == 0 {
                2.31
            } else if faulty && index == 2 {
                9.1
            } else {
                min + (max - min) * 0.45
            };
            let quantity = if element.ends_with("F1") {
                TripQuantity::Frequency
            } else {
                TripQuantity::Voltage
            };
            let spec = CaseSpec::Trip(TripCase {
                element: element.to_owned(),
                quantity,
                threshold,
                from: 230.0,
                to: threshold + 2.0,
                power_w: 2500.0,
                disconnect: window.clone(),
                observe_s: max + 1.0,
            });
            let mut one = case(dut, "TRIP", index, element, spec);
            one.criteria = vec![criterion("disconnection time", value, 0.002, "s", &window)];
            one.recordings = vec![format!("trip_{value}_event.parquet")];
            one.instants = vec![
                instant("source told", "event", 0.5),
                instant("source acts", "event", 0.5002),
                instant("event", "event", 0.5),
                instant("DUT relay opens", "event", 0.51 + value),
                instant("current ceases", "event", 0.5 + value),
            ];
            parts::conclude(one)
        })
        .collect()
}
