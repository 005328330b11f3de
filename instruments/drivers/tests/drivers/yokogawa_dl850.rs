//! Waveform recorder.

use std::collections::BTreeMap;
use std::time::Duration;

use gridproof_instruments::clock::Clock;
use gridproof_instruments::drivers::{RecorderInput, YokogawaDl850, YokogawaDl850Params};
use gridproof_instruments::error::InstrumentError;
use gridproof_instruments::roles::{
    CaptureSetup, Instrument, RecorderState, TriggerSetup, WaveformRecorder,
};
use gridproof_instruments::transport::Link;
use gridproof_model::capture::ChannelKind;

use crate::clock::TestClock;
use crate::peer::Script;

fn script() -> Script {
    Script::with("\n", ":STATus:ERRor?", "0,\"No error\"")
}

fn params() -> YokogawaDl850Params {
    let inputs = BTreeMap::from([
        (
            ChannelKind::GridVoltage,
            RecorderInput {
                channel: 1,
                full_scale: 1000.0,
            },
        ),
        (
            ChannelKind::DutCurrent,
            RecorderInput {
                channel: 2,
                full_scale: 90.0,
            },
        ),
        (
            ChannelKind::SourceTrigger,
            RecorderInput {
                channel: 8,
                full_scale: 10.0,
            },
        ),
    ]);
    YokogawaDl850Params {
        inputs,
        max_rate_hz: 1e6,
    }
}

fn driver(link: Link) -> YokogawaDl850 {
    YokogawaDl850::new("recorder".into(), link, TestClock::new(), params())
}

fn setup() -> CaptureSetup {
    CaptureSetup {
        name: "cut".into(),
        channels: vec![ChannelKind::GridVoltage, ChannelKind::SourceTrigger],
        min_rate_hz: 10_000.0,
        before_s: 0.1,
        after_s: 0.8,
        trigger: TriggerSetup {
            channel: ChannelKind::SourceTrigger,
            level: 0.5,
            rising: true,
        },
    }
}

/// What [`setup`] sets whatever is shown.
const SETTINGS: [&str; 8] = [
    ":TIM:TDIV 100MS",
    ":ACQ:RLEN 10000",
    ":TRIG:POS 10",
    ":TRIG:SIMP:SOUR 8",
    ":TRIG:SIMP:LEV 2.500",
    ":TRIG:SIMP:SLOP RISE",
    ":TRIG:MODE SINGLE",
    ":STAR",
];

fn arming(script: Script) -> Script {
    script
        .accept_all(&[
            ":COMM:REM ON",
            ":STOP",
            ":CHAN1:DISP ON",
            ":CHAN2:DISP OFF",
            ":CHAN8:DISP ON",
        ])
        .accept_all(&SETTINGS)
}

fn block(codes: impl Iterator<Item = i16>) -> Vec<u8> {
    let bytes: Vec<u8> = codes.flat_map(i16::to_le_bytes).collect();
    let count = bytes.len().to_string();
    let mut wire = format!("#{}{count}", count.len()).into_bytes();
    wire.extend(bytes);
    wire.push(b'\n');
    wire
}

#[tokio::test]
async fn initialises_channels_in_volts_per_division() {
    let (link, peer) = script()
        .ask("*IDN?", "YOKOGAWA,DL850E,91K,F1.00")
        .hear("*CLS")
        .no_errors()
        .accept_all(&[":COMM:REM ON", ":COMM:HEAD OFF", ":COMM:VERB OFF", ":STOP"])
        .accept_all(&[":CHAN1:VOLT:COUP DC", ":CHAN1:VOLT:RANG 200V"])
        .accept_all(&[":CHAN2:VOLT:COUP DC", ":CHAN2:VOLT:RANG 20V"])
        .accept_all(&[":CHAN8:VOLT:COUP DC", ":CHAN8:VOLT:RANG 2V"])
        .play();
    let mut recorder = driver(link);
    recorder.initialise().await.expect("accepted");
    drop(recorder);
    peer.done().await;
}

#[tokio::test]
async fn arms_waits_and_fetches_the_part_asked_for() {
    let clock = TestClock::new();
    // 1.0 s at 10 kS/s, trigger at 1000; asked for are samples 0 to 8999.
    let wave = |sample: usize| if sample < 1000 { 1200 } else { 0x0A0A };
    let pulse = |sample: usize| {
        if (1000..1100).contains(&sample) {
            6000
        } else {
            0
        }
    };
    let (link, peer) = arming(script())
        .ask(":STAT:COND?", "1")
        .ask(":STAT:COND?", "5")
        .ask(":STAT:COND?", "1")
        .ask(":STAT:COND?", "0")
        .ask(":STAT:COND?", "0")
        .accept_all(&[":WAV:FORM WORD", ":WAV:BYT LSBF", ":WAV:TRAC 1"])
        .ask(":WAV:LENG?", "10000")
        .ask(":WAV:SRAT?", "1.0E+04")
        .ask(":WAV:TRIG?", "1000")
        .ask(":WAV:RANG?", "2.0E+02")
        .ask(":WAV:OFFS?", "0.0E+00")
        .accept_all(&[":WAV:STAR 0", ":WAV:END 8999"])
        .hear(":WAV:SEND?")
        .reply(block((0..9000).map(wave)))
        .accept(":WAV:TRAC 8")
        .ask(":WAV:RANG?", "2.0E+00")
        .ask(":WAV:OFFS?", "0.0E+00")
        .accept_all(&[":WAV:STAR 0", ":WAV:END 8999"])
        .hear(":WAV:SEND?")
        .reply(block((0..9000).map(pulse)))
        .play();
    let mut recorder = YokogawaDl850::new("recorder".into(), link, clock.clone(), params());
    let plan = recorder.arm(&setup()).await.expect("armed");
    assert_eq!(
        (plan.rate_hz, plan.samples, plan.post_s),
        (10_000.0, 9000, 0.9)
    );
    // 0.1 s of memory, and what a slow clock and the start take.
    assert!((plan.pre_fill_s - 0.1021).abs() < 1e-9);
    assert_eq!(recorder.state().await, Ok(RecorderState::Waiting));
    clock.sleep(Duration::from_secs(1)).await;
    for state in [
        RecorderState::Waiting,
        RecorderState::Running,
        RecorderState::Done,
    ] {
        assert_eq!(recorder.state().await, Ok(state));
    }
    let capture = recorder.fetch().await.expect("complete");
    assert_eq!(
        (
            capture.name.as_str(),
            capture.rate_hz,
            capture.trigger_index
        ),
        ("cut", 10_000.0, 1000)
    );
    assert_eq!(capture.len(), 9000);
    let volts = capture
        .channel(ChannelKind::GridVoltage)
        .expect("recorded")
        .values();
    assert!((volts[0] - 100.0).abs() < 1e-9, "{}", volts[0]);
    let trigger = capture
        .channel(ChannelKind::SourceTrigger)
        .expect("recorded")
        .values();
    assert!(trigger[999] == 0.0 && (trigger[1000] - 1.0).abs() < 1e-9);
    drop(recorder);
    peer.done().await;
}

#[tokio::test]
async fn long_records_come_in_chunks() {
    let mut long = setup();
    long.channels = vec![ChannelKind::DutCurrent];
    (long.min_rate_hz, long.before_s, long.after_s) = (100_000.0, 0.1, 1.2);
    let (link, peer) = script()
        .accept_all(&[
            ":COMM:REM ON",
            ":STOP",
            ":CHAN1:DISP OFF",
            ":CHAN2:DISP ON",
            ":CHAN8:DISP ON",
            ":TIM:TDIV 200MS",
            ":ACQ:RLEN 250000",
            ":TRIG:POS 5",
        ])
        .accept_all(&[
            ":TRIG:SIMP:SOUR 8",
            ":TRIG:SIMP:LEV 2.500",
            ":TRIG:SIMP:SLOP RISE",
        ])
        .accept_all(&[":TRIG:MODE SINGLE", ":STAR"])
        .ask(":STAT:COND?", "0")
        .accept_all(&[":WAV:FORM WORD", ":WAV:BYT LSBF", ":WAV:TRAC 2"])
        .ask(":WAV:LENG?", ":WAVEFORM:LENGTH 250000")
        .ask(":WAV:SRAT?", "125000")
        .ask(":WAV:TRIG?", "12500")
        .ask(":WAV:RANG?", "20")
        .ask(":WAV:OFFS?", "1.0")
        .accept_all(&[":WAV:STAR 0", ":WAV:END 99999"])
        .hear(":WAV:SEND?")
        .reply(block((0..100_000).map(|_| 12_000)))
        .accept_all(&[":WAV:STAR 100000", ":WAV:END 162499"])
        .hear(":WAV:SEND?")
        .reply(block((0..62_500).map(|_| -12_000)))
        .play();
    let mut recorder = driver(link);
    recorder.arm(&long).await.expect("armed");
    let capture = recorder.fetch().await.expect("complete");
    let current = capture.channel(ChannelKind::DutCurrent).expect("recorded");
    let values = current.values();
    assert_eq!((values.len(), current.clipped()), (162_500, 162_500));
    assert!((values[0] - 101.0).abs() < 1e-9 && (values[162_499] + 99.0).abs() < 1e-9);
    drop(recorder);
    peer.done().await;
}

#[tokio::test]
async fn short_block_is_nonsense() {
    let (link, _peer) = arming(script())
        .ask(":STAT:COND?", "0")
        .accept_all(&[":WAV:FORM WORD", ":WAV:BYT LSBF", ":WAV:TRAC 1"])
        .ask(":WAV:LENG?", "10000")
        .ask(":WAV:SRAT?", "10000")
        .ask(":WAV:TRIG?", "1000")
        .ask(":WAV:RANG?", "200")
        .ask(":WAV:OFFS?", "0")
        .accept_all(&[":WAV:STAR 0", ":WAV:END 8999"])
        .hear(":WAV:SEND?")
        .reply("#14\n\n\n\n\n")
        .play();
    let mut recorder = driver(link);
    recorder.arm(&setup()).await.expect("armed");
    let error = recorder.fetch().await.expect_err("four bytes");
    assert!(
        error
            .to_string()
            .contains("answered `4 bytes` to `:WAV:SEND?`"),
        "{error}"
    );
}

#[tokio::test]
async fn wrong_order_and_wrong_channels_are_refused() {
    let (link, peer) = arming(script())
        .ask(":STAT:COND?", "5")
        .ask(":STAT:COND?", "0")
        .play();
    let mut recorder = driver(link);
    let error = recorder.fetch().await.expect_err("not armed");
    assert!(matches!(error, InstrumentError::Refused { .. }), "{error}");
    let missing = CaptureSetup {
        channels: vec![ChannelKind::DrmContact],
        ..setup()
    };
    let error = recorder.arm(&missing).await.expect_err("not wired");
    assert_eq!(error.to_string(), "recorder has no channel for drm_contact");
    let fast = CaptureSetup {
        min_rate_hz: 1e8,
        ..setup()
    };
    let error = recorder.arm(&fast).await.expect_err("too fast");
    assert!(matches!(error, InstrumentError::Refused { .. }), "{error}");
    recorder.arm(&setup()).await.expect("armed");
    let error = recorder.fetch().await.expect_err("still waiting");
    assert!(error.to_string().contains("not complete"), "{error}");
    assert_eq!(recorder.state().await, Ok(RecorderState::Done));
    drop(recorder);
    peer.done().await;
}

/// A channel is switched when a record needs it otherwise than the one before, and not again.
#[tokio::test]
async fn only_what_is_recorded_is_shown() {
    let other = CaptureSetup {
        channels: vec![ChannelKind::GridVoltage, ChannelKind::DutCurrent],
        ..setup()
    };
    let (link, peer) = arming(script())
        .accept_all(&[":COMM:REM ON", ":STOP", ":CHAN2:DISP ON"])
        .accept_all(&SETTINGS)
        .accept_all(&[":COMM:REM ON", ":STOP"])
        .accept_all(&SETTINGS)
        .play();
    let mut recorder = driver(link);
    for setup in [setup(), other.clone(), other] {
        recorder.arm(&setup).await.expect("armed");
    }
    drop(recorder);
    peer.done().await;
}

#[tokio::test]
async fn make_safe_stops() {
    let (link, peer) = script()
        .hear(":STOP")
        .hear(":COMM:REM OFF")
        .ask(":STAT:COND?", "0")
        .no_errors()
        .ask(":STAT:COND?", "0")
        .play();
    let mut recorder = driver(link);
    assert!(recorder.make_safe().await.expect("answered").proven);
    assert_eq!(recorder.state().await, Ok(RecorderState::Stopped));
    drop(recorder);
    peer.done().await;
}
