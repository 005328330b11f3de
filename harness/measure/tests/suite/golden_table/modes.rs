//! Demand-response modes of AS/NZS 4777.2:2020 clause 3.2: level within 4 % of rated, in 2 s.

use gridproof_model::case::Flow;

use super::super::responses::Drm;
use super::{ByRule, Evidence, Row, Same, check};

/// Mode, direction, least and largest level, pu of rated.
const MODES: [(u8, Flow, Option<f64>, f64); 9] = [
    (0, Flow::Generate, None, 0.0),
    (1, Flow::Consume, None, 0.0),
    (2, Flow::Consume, None, 0.5),
    (3, Flow::Consume, None, 0.75),
    (4, Flow::Consume, Some(1.0), 1.0),
    (5, Flow::Generate, None, 0.0),
    (6, Flow::Generate, None, 0.5),
    (7, Flow::Generate, None, 0.75),
    (8, Flow::Generate, Some(1.0), 1.0),
];

/// U of the level by hand, at 0.54 pu of 3 kW: current ±(0.1 % of 7 A + 30 mA) is 2.8e-3 of rated,
/// voltage 0.3e-3, skew 0.2e-3: 95.45 % of the first, and a little.
const LEVEL_U: f64 = 0.0027;

#[test]
fn drm_table() {
    let names = [
        "DRM0", "DRM1", "DRM2", "DRM3", "DRM4", "DRM5", "DRM6", "DRM7", "DRM8",
    ];
    let rows = [
        Row(
            "perfect",
            "2 % below the level after 0.8 s",
            Same("PPPPPPPPP"),
        ),
        // No power before: any level is met by nothing, which shows nothing. Only "at least 100 %"
        // is not met by nothing. A unit that never reaches power is failed by the acquisition.
        Row("dead", "no power at any time", Same("IIIIFIIIF")),
        Row("late", "after 3 s", Same("FFFF·FFF·")),
        // What falls before the contact closes is no response to it.
        Row("early", "30 ms before the contact", Same("IIII·III·")),
        Row(
            "offset",
            "8 % above the level, 8 % below where it must be kept",
            Same("FFFFFFFFF"),
        ),
        Row("wrong slope", "half the reduction", Same("FFFF·FFF·")),
        Row(
            "wrong sign",
            "the level, but with power turned round",
            Same("··FF··FF·"),
        ),
        Row("noisy but good", "0.3 A of noise", Same("PPPPPPPPP")),
        Row(
            "borderline inside",
            "0.9 U inside the tolerance",
            ByRule(["······P··", "······P··", "······I··"]),
        ),
        Row(
            "borderline outside",
            "0.9 U outside the tolerance",
            ByRule(["······F··", "······F··", "······I··"]),
        ),
    ];
    check("DRM", &names, &rows, |dut, column, seed| {
        let (mode, flow, min, max) = MODES[column];
        let keeps = min.is_some();
        let good = Drm {
            mode,
            flow,
            level: (min, max),
            after: if keeps { 0.99 } else { (max - 0.02).max(0.0) },
            before: 0.99,
            relay_opens: mode == 0,
            seed,
            ..Drm::default()
        };
        let shape = match dut {
            "dead" => Drm {
                before: 0.0,
                after: 0.0,
                ..good
            },
            "late" => Drm { delay: 3.0, ..good },
            "early" => Drm {
                delay: -0.03,
                ..good
            },
            "offset" => Drm {
                after: if keeps { 0.92 } else { max + 0.08 },
                ..good
            },
            "wrong slope" => Drm {
                after: 0.5 * (1.0 + max),
                ..good
            },
            "wrong sign" => Drm {
                after: -good.after,
                ..good
            },
            "noisy but good" => Drm { sigma: 0.3, ..good },
            "borderline inside" => Drm {
                after: max + 0.04 - 0.9 * LEVEL_U,
                ..good
            },
            "borderline outside" => Drm {
                after: max + 0.04 + 0.9 * LEVEL_U,
                ..good
            },
            _ => good,
        };
        Evidence::of(shape.spec(), shape.capture())
    });
}
