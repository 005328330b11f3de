//! The JSON Schemas that editors use, as goldens.

use gridproof_model::plan::{Procedure, Stair};
use gridproof_model::quantity::Volts;
use gridproof_model::schema::{SchemaKind, schema};

#[test]
fn schemas_are_as_reviewed() {
    for kind in SchemaKind::ALL {
        insta::with_settings!({
            snapshot_path => "snapshots/schema",
            prepend_module_to_snapshot => false,
            omit_expression => true,
        }, {
            insta::assert_json_snapshot!(kind.word(), schema(kind));
        });
    }
}

#[test]
fn the_plan_schema_knows_every_procedure() {
    let text = schema(SchemaKind::Plan)["$defs"]["Procedure"].to_string();
    for name in Procedure::NAMES {
        assert!(text.contains(&format!("\"{name}\"")), "{name}");
    }
}

fn stair(from: f64, to: f64, step: f64, there_and_back: bool) -> Vec<f64> {
    Stair::<Volts> {
        from: Volts(from),
        to: Volts(to),
        step: Volts(step),
        there_and_back,
    }
    .expand()
}

#[test]
fn stairs_expand_without_rounding_surprises() {
    assert_eq!(stair(1.0, 1.3, 0.1, false), [1.0, 1.1, 1.2, 1.3]);
    assert_eq!(
        stair(230.0, 228.0, 1.0, true),
        [230.0, 229.0, 228.0, 229.0, 230.0]
    );
    assert_eq!(
        stair(230.0, 232.5, 1.0, false),
        [230.0, 231.0, 232.0, 232.5]
    );
    assert_eq!(stair(0.0, 500.0, 0.1, false).len(), 5001);
    assert!(stair(1.0, 2.0, 0.0, false).is_empty());
    assert!(stair(1.0, 2.0, f64::NAN, false).is_empty());
    assert!(stair(1.0, 2.0, 1e-9, false).is_empty());
}
