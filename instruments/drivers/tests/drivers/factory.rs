//! Every model is built behind its role.

use std::collections::BTreeMap;

use gridproof_instruments::drivers::{
    Chroma61845Params, ChromaA800067Params, ItechIt6000cParams, SajAs1Params, SunSpecParams,
    TerraSasParams, YokogawaDl850Params, YokogawaWt3000Params,
};
use gridproof_instruments::factory::{DriverSpec, RoleObject, build};

use crate::clock::TestClock;
use crate::peer::Script;

#[tokio::test]
async fn builds_every_model_and_sends_nothing() {
    let inputs = BTreeMap::new();
    let specs = [
        DriverSpec::Chroma61845(Chroma61845Params::default()),
        DriverSpec::TerraSas(TerraSasParams {
            channel: 1,
            outputs: 1,
        }),
        DriverSpec::ItechIt6000c(ItechIt6000cParams::default()),
        DriverSpec::ChromaA800067(ChromaA800067Params::default()),
        DriverSpec::Adam6060,
        DriverSpec::YokogawaWt3000(YokogawaWt3000Params::default()),
        DriverSpec::YokogawaDl850(YokogawaDl850Params {
            inputs,
            max_rate_hz: 1e6,
        }),
        DriverSpec::EspecP300,
        DriverSpec::SunSpec(SunSpecParams::default()),
        DriverSpec::SajAs1(SajAs1Params {
            rated_watts: 5000.0,
            unit: 1,
        }),
    ];
    for spec in specs {
        let (link, peer) = Script::new().play();
        drop(build(spec, "x".into(), link, TestClock::new()));
        peer.done().await;
    }
}

#[tokio::test]
async fn roles_share_the_instrument() {
    let (link, peer) = Script::new().ask("*IDN?", "Chroma,61845,1,1").play();
    let spec = DriverSpec::Chroma61845(Chroma61845Params::default());
    let mut object = build(spec, "grid".into(), link, TestClock::new());
    assert_eq!(
        object.instrument().identify().await.as_deref(),
        Ok("Chroma,61845,1,1")
    );
    assert!(matches!(object, RoleObject::Grid(_)));
    drop(object);
    peer.done().await;
}
