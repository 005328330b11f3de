//! SunSpec DUT interface.

use std::time::Duration;

use gridproof_instruments::drivers::{SunSpec, SunSpecParams};
use gridproof_instruments::error::InstrumentError;
use gridproof_instruments::roles::{
    DutCapability, DutInterface, DutMode, Instrument, VoltVarCurve,
};
use gridproof_instruments::transport::Link;

use crate::clock::TestClock;
use crate::modbus_peer::{Exchanges, Frame};

const SUNS: [u16; 2] = [0x5375, 0x6E53];
const END: [u16; 2] = [0xFFFF, 0];

fn driver(link: Link) -> SunSpec {
    SunSpec::new(
        "dut".into(),
        link,
        TestClock::new(),
        SunSpecParams::default(),
    )
}

/// A model as registers after ID and L; `points` by offset in the model table.
fn model(length: usize, points: &[(usize, u16)]) -> Vec<u16> {
    let mut words = vec![0; length];
    for (offset, word) in points {
        words[offset - 2] = *word;
    }
    words
}

fn minus(power: i16) -> u16 {
    (-power).cast_unsigned()
}

fn inverter(watts: i16, state: u16) -> Vec<u16> {
    let points = [
        (10, 2301),
        (13, minus(1)),
        (14, watts.cast_unsigned()),
        (15, 1),
        (16, 5002),
        (17, minus(2)),
        (38, state),
    ];
    model(50, &points)
}

/// A chain of models from `base`.
fn chain(mut exchanges: Exchanges, base: u16, models: &[(u16, u16)]) -> Exchanges {
    exchanges = exchanges.read(base, &SUNS);
    let mut at = base + 2;
    for (id, length) in models {
        exchanges = exchanges.read(at, &[*id, *length]);
        at += 2 + length;
    }
    exchanges.read(at, &END)
}

/// PV inverter: 1 at 40002, 101 at 40070, 121 at 40122, 123 at 40154, 126 at 40180.
fn pv_inverter() -> Exchanges {
    let models = [(1, 66), (101, 50), (121, 30), (123, 24), (126, 64)];
    chain(Exchanges::new(Frame::Tcp), 40_000, &models)
        .read(
            40_156,
            &model(24, &[(4, 1), (7, 60), (3, 0xFFFF), (23, minus(2))]),
        )
        .read(40_124, &model(30, &[(2, 500), (22, 1)]))
}

#[tokio::test]
async fn pv_inverter_is_limited_by_percent() {
    let (link, peer) = pv_inverter()
        .read(40_072, &inverter(250, 4))
        .write(40_159, &[6000])
        .write(40_161, &[0])
        .write(40_163, &[1])
        .write(40_158, &[0])
        .write(40_183, &[1])
        .script()
        .play();
    let mut dut = driver(link);
    dut.initialise().await.expect("discovered");
    use DutCapability::{ActivePower, Connect, VoltVar};
    assert_eq!(dut.capabilities(), [ActivePower, VoltVar, Connect]);
    let status = dut.status().await.expect("answered");
    assert_eq!((status.mode, status.watts), (DutMode::Grid, 2500.0));
    assert!((status.volts - 230.1).abs() < 1e-9 && (status.hertz - 50.02).abs() < 1e-9);
    dut.set_active_power(3000.0).await.expect("accepted");
    dut.connect(false).await.expect("accepted");
    dut.volt_var(true).await.expect("accepted");
    let error = dut.set_active_power(-1.0).await.expect_err("no storage");
    assert!(error.to_string().contains("model 124"), "{error}");
    let error = dut.volt_watt(true).await.expect_err("no model 132");
    assert!(
        matches!(error, InstrumentError::Unsupported { .. }),
        "{error}"
    );
    drop(dut);
    peer.done().await;
}

#[tokio::test]
async fn hybrid_feeds_by_watts_and_charges_by_percent() {
    // At the second base: 101 at 2, 120 at 54, 123 at 82, 124 at 108, 704 at 134.
    let models = [(103, 50), (120, 26), (123, 24), (124, 24), (704, 65)];
    let exchanges = Exchanges::new(Frame::Tcp).no_read(40_000, 2, 2);
    let (link, peer) = chain(exchanges, 0, &models)
        .read(84, &model(24, &[(23, 0)]))
        .read(
            110,
            &model(24, &[(2, 3000), (17, 0), (18, 0), (25, minus(2))]),
        )
        .read(136, &model(65, &[(55, 1)]))
        .read(56, &model(26, &[(3, 5000), (4, 0)]))
        .write(113, &[0])
        .write(157, &[1, 0, 450])
        .write(156, &[1])
        .write(156, &[0])
        .write(121, &[5000])
        .write(125, &[1])
        .write(113, &[1])
        .script()
        .play();
    let mut dut = driver(link);
    dut.set_active_power(4500.0).await.expect("accepted");
    dut.set_active_power(-1500.0).await.expect("accepted");
    drop(dut);
    peer.done().await;
}

#[tokio::test]
async fn identifies_by_the_common_model() {
    let mut common = vec![0_u16; 66];
    for (at, text) in [(0, "Maker"), (16, "Hybrid 5"), (40, "1.2"), (48, "SN1")] {
        for (index, pair) in text.as_bytes().chunks(2).enumerate() {
            common[at + index] = u16::from_be_bytes([pair[0], *pair.get(1).unwrap_or(&0)]);
        }
    }
    let (link, _peer) = pv_inverter().read(40_004, &common).script().play();
    assert_eq!(
        driver(link).identify().await.as_deref(),
        Ok("Maker,Hybrid 5,SN1,1.2")
    );
}

#[tokio::test]
async fn make_safe_discovers_disconnects_and_proves() {
    let (link, peer) = pv_inverter()
        .write(40_158, &[0])
        .read(40_072, &inverter(40, 6))
        .read(40_158, &[0])
        .read(40_072, &inverter(0, 8))
        .read(40_158, &[0])
        .script()
        .play();
    let mut dut = driver(link);
    let proof = dut.make_safe().await.expect("answered");
    assert!(proof.proven);
    assert_eq!(proof.evidence, "Conn 0, Standby, 0 W");
    drop(dut);
    peer.done().await;
}

#[tokio::test]
async fn no_marker_and_endless_chains_are_nonsense() {
    let exchanges = Exchanges::new(Frame::Tcp)
        .read(40_000, &[0, 0])
        .no_read(0, 2, 2)
        .no_read(50_000, 2, 1);
    let (link, _peer) = exchanges.script().play();
    let error = driver(link).initialise().await.expect_err("no map");
    assert!(matches!(error, InstrumentError::Nonsense { .. }), "{error}");

    let exchanges = Exchanges::new(Frame::Tcp)
        .read(40_000, &SUNS)
        .read(40_002, &[1, 0x8000]);
    let (link, _peer) = exchanges.script().play();
    let error = driver(link)
        .initialise()
        .await
        .expect_err("beyond the address space");
    assert!(error.to_string().contains("no end model"), "{error}");
}

#[tokio::test]
async fn unimplemented_mandatory_point_is_nonsense() {
    let mut words = inverter(0, 4);
    words[12] = 0x8000;
    let (link, _peer) = pv_inverter().read(40_072, &words).script().play();
    let error = driver(link)
        .status()
        .await
        .expect_err("W is not implemented");
    assert!(error.to_string().contains("model 101 W"), "{error}");
}

#[tokio::test]
async fn silence_is_a_broken_link() {
    let (link, _peer) = Exchanges::new(Frame::Tcp)
        .silent(&[3, 0x9C, 0x40, 0, 2])
        .script()
        .play();
    let mut dut = driver(link);
    dut.set_timeout(Duration::from_millis(20));
    let error = dut.initialise().await.expect_err("silence");
    assert!(matches!(error, InstrumentError::Link { .. }), "{error}");
}

/// 101 at 40002, 120 at 40054, 705 at 40082 with three curves of four points.
fn with_curves(rated: u16) -> Exchanges {
    let models = [(101, 50), (120, 26), (705, 67)];
    let head = [1, 0, 1, 4, 3, 0, 0, 0, 0, 0, minus(2), minus(1), minus(2)];
    chain(Exchanges::new(Frame::Tcp), 40_000, &models)
        .read(40_056, &model(26, &[(3, rated), (4, 0)]))
        .read(40_084, &head)
}

/// The device tells of more curves, or of more points, than its model has registers for.
#[rstest::rstest]
#[tokio::test]
async fn curves_that_do_not_fit_into_their_model_make_no_sense(
    #[values((4, 4), (5, 3), (0x7FFF, 0xFFFE))] (points, curves): (u16, u16),
) {
    let models = [(101, 50), (120, 26), (705, 67)];
    let mut head = [1, 0, 1, 4, 3, 0, 0, 0, 0, 0, minus(2), minus(1), minus(2)];
    (head[3], head[4]) = (points, curves);
    let (link, _peer) = chain(Exchanges::new(Frame::Tcp), 40_000, &models)
        .read(40_056, &model(26, &[(3, 5000), (4, 0)]))
        .read(40_084, &head)
        .script()
        .play();
    let error = driver(link).initialise().await.expect_err("no room");
    assert!(matches!(error, InstrumentError::Nonsense { .. }), "{error}");
}

fn category_b() -> VoltVarCurve {
    VoltVarCurve {
        points: vec![(0.92, 0.44), (0.98, 0.0), (1.02, 0.0), (1.08, -0.44)],
        response_s: 5.0,
    }
}

/// Curve k of `with_curves`.
fn curve_at(k: u16) -> u16 {
    40_082 + 15 + (k - 1) * 18
}

fn category_b_words() -> [u16; 8] {
    [9200, 440, 9800, 0, 10_200, 0, 10_800, minus(440)]
}

/// Slot 2 is read-only, slot 3 is filled and adopted.
fn adopting(rated: u16) -> Exchanges {
    with_curves(rated)
        .read(curve_at(2) + 9, &[1])
        .read(curve_at(3) + 9, &[0])
        .write(curve_at(3), &[4, 3, 1, 10_000])
        .read(curve_at(3) + 5, &[1])
        .write(curve_at(3) + 5, &[0])
        .write(curve_at(3) + 7, &[0, 500])
        .write(curve_at(3) + 10, &category_b_words())
        .write(40_085, &[3])
        .read(40_086, &[0])
        .read(40_086, &[1])
}

#[tokio::test]
async fn a_volt_var_curve_is_adopted_and_proven() {
    let (link, peer) = adopting(5000)
        .read(curve_at(1), &[4, 3, 1, 10_000, 0, 0, 0, 0, 500, 1])
        .read(curve_at(1) + 10, &category_b_words())
        .script()
        .play();
    let mut dut = driver(link);
    dut.set_volt_var_curve(&category_b())
        .await
        .expect("adopted");
    drop(dut);
    peer.done().await;
}

#[tokio::test]
async fn a_curve_that_is_not_in_force_after_adopting_is_noticed() {
    let mut other = category_b_words();
    other[7] = minus(430);
    let (link, _peer) = adopting(5000)
        .read(curve_at(1), &[4, 3, 1, 10_000, 0, 0, 0, 0, 500, 1])
        .read(curve_at(1) + 10, &other)
        .script()
        .play();
    let error = driver(link)
        .set_volt_var_curve(&category_b())
        .await
        .expect_err("another curve");
    assert!(matches!(error, InstrumentError::Nonsense { .. }), "{error}");
}

#[tokio::test]
async fn a_curve_that_the_device_fails_to_adopt_is_refused() {
    let (link, _peer) = adopting_failed().script().play();
    let error = driver(link)
        .set_volt_var_curve(&category_b())
        .await
        .expect_err("failed");
    assert!(matches!(error, InstrumentError::Refused { .. }), "{error}");
}

fn adopting_failed() -> Exchanges {
    with_curves(5000)
        .read(curve_at(2) + 9, &[0])
        .write(curve_at(2), &[4, 3, 1, 10_000])
        .read(curve_at(2) + 5, &[0xFFFF])
        .write(curve_at(2) + 7, &[0, 500])
        .write(curve_at(2) + 10, &category_b_words())
        .write(40_085, &[2])
        .read(40_086, &[2])
}

#[tokio::test]
async fn a_curve_that_does_not_fit_is_not_written() {
    let mut five = category_b();
    five.points.push((1.1, -0.5));
    let mut high = category_b();
    high.points[3].0 = 7.0;
    for (curve, word) in [(five, "5 points"), (high, "7 pu")] {
        let (link, peer) = with_curves(5000).script().play();
        let mut dut = driver(link);
        let error = dut
            .set_volt_var_curve(&curve)
            .await
            .expect_err("does not fit");
        assert!(error.to_string().contains(word), "{error}");
        drop(dut);
        peer.done().await;
    }
}
