//! Judged cases of curves, demand response and derating.

use gridproof_model::case::{
    CaseSpec, Curve, CurveKind, CurveStepCase, CurveSweepCase, DeratingCase, DrmCase, Flow,
};
use gridproof_model::result::CaseResult;
use gridproof_model::verdict::Mark;

use super::parts::{self, case, criterion, instant, limit, series};

fn curve() -> Curve {
    Curve {
        kind: CurveKind::VoltVar,
        points: vec![(207.0, 0.44), (220.0, 0.0), (240.0, 0.0), (258.0, -0.6)],
        tolerance_pu: 0.05,
        reactive_pu: None,
        tolerance_x: 1.5,
        origin: "grid code as-nzs-4777.2-2020-a, volt-var".to_owned(),
        mark: Mark::K,
    }
}

pub fn sweep(dut: &str, faulty: bool) -> CaseResult {
    let stimuli: Vec<f64> = (0..19).map(|step| 205.0 + 3.0 * f64::from(step)).collect();
    let points: Vec<(f64, f64)> = stimuli
        .iter()
        .enumerate()
        .map(|(index, &v)| {
            (
                v,
                (curve().at(v)
                    + if faulty && index == 12 {
                        0.12
                    } else {
                        0.012 * (index as f64).sin()
                    })
                    * 5000.0,
            )
        })
        .collect();
    let spec = CaseSpec::CurveSweep(CurveSweepCase {
        curve: curve(),
        stimuli,
        dwell_s: 20.0,
        window_s: 1.0,
        power_w: 4000.0,
        told_response_s: None,
        held: None,
    });
    let mut one = case(dut, "VOLT-VAR", 0, "sweep 205 V … 259 V", spec);
    let max = limit(
        None,
        Some(5.0),
        "grid code as-nzs-4777.2-2020-a, volt-var corridor",
    );
    let mut result = criterion(
        "Q inside the corridor",
        if faulty { 12.4 } else { 1.2 },
        0.4,
        "%",
        &max,
    );
    result.note = "worst at 241 V".to_owned();
    one.criteria = vec![result];
    one.series = vec![series("measured", "V", "var", points)];
    parts::conclude(one)
}

pub fn step(dut: &str, faulty: bool) -> CaseResult {
    let spec = CaseSpec::CurveStep(CurveStepCase {
        curve: curve(),
        from: 230.0,
        to: 255.0,
        observe_s: 20.0,
        power_w: 4000.0,
        commence: limit(None, Some(1.0), "commence"),
        complete: limit(None, Some(10.0), "complete"),
    });
    let mut one = case(dut, "VOLT-VAR", 1, "step 230 V → 255 V", spec);
    let points = (-20..200)
        .map(|index| {
            let t = f64::from(index) * 0.1;
            (
                t,
                if t < 0.4 {
                    3.0 * t.sin()
                } else {
                    -2500.0 * (1.0 - (-(t - 0.4) / 1.8).exp())
                },
            )
        })
        .collect();
    one.series = vec![series("Q", "s", "var", points)];
    one.instants = vec![
        instant("voltage steps", "event", 2.0),
        instant("response commences", "event", 2.5),
        instant("response complete", "event", 7.1),
    ];
    one.criteria = vec![
        criterion(
            "commences",
            0.5,
            0.02,
            "s",
            &limit(None, Some(1.0), "grid code, commence"),
        ),
        criterion(
            "completes",
            if faulty { 9.99 } else { 5.1 },
            0.02,
            "s",
            &limit(None, Some(10.0), "grid code, complete"),
        ),
    ];
    parts::conclude(one)
}

pub fn drm(dut: &str, mode: u8) -> CaseResult {
    let level = limit(
        Some(0.0),
        Some(if mode == 0 { 0.0 } else { 0.5 }),
        "AS/NZS 4777.2, DRM",
    );
    let response = limit(None, Some(2.0), "AS/NZS 4777.2, DRM response");
    let spec = CaseSpec::Drm(DrmCase {
        mode,
        flow: Flow::Generate,
        level,
        tolerance_pu: 0.05,
        response: response.clone(),
        hold_s: 15.0,
    });
    let mut one = case(dut, "DRM", usize::from(mode), &format!("DRM {mode}"), spec);
    let end = if mode == 0 { 0.0 } else { 2400.0 };
    let points = (-30..180)
        .map(|index| {
            let t = f64::from(index) * 0.1;
            (
                t,
                if t < 0.6 {
                    5000.0
                } else {
                    end + (5000.0 - end) * (-(t - 0.6) / 0.4).exp()
                },
            )
        })
        .collect();
    one.series = vec![series("P", "s", "W", points)];
    one.instants = vec![
        instant("mode asserted", "event", 3.0),
        instant("level reached", "event", 4.6),
    ];
    one.criteria = vec![criterion("response", 1.6, 0.02, "s", &response)];
    parts::conclude(one)
}

pub fn derating(dut: &str) -> CaseResult {
    let spec = CaseSpec::Derating(DeratingCase {
        ambient_c: vec![25.0, 35.0, 45.0, 50.0, 60.0],
        start_c: 45.0,
        full_pu: 0.97,
        reduction_pu: 0.05,
        soak_s: 3600.0,
        window_s: 60.0,
        mark: gridproof_model::verdict::Mark::S,
        origin: "manual, p. 12".to_owned(),
    });
    let mut one = case(dut, "DERATING", 0, "25 °C … 60 °C", spec);
    one.series = vec![series(
        "P",
        "°C",
        "W",
        vec![
            (25.0, 5000.0),
            (35.0, 4995.0),
            (45.0, 4960.0),
            (50.0, 4500.0),
            (60.0, 3600.0),
        ],
    )];
    one.criteria = vec![criterion(
        "full power up to 45 °C",
        99.2,
        0.6,
        "%",
        &limit(Some(97.0), None, "manual, p. 12"),
    )];
    parts::conclude(one)
}
