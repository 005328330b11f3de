//! Streams, time and determinism of the whole bench.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::task::LocalSet;

use super::{AUX, SAJ, Talk, advance, bench_with, embedded, profile};
use crate::modbus::rtu::crc;
use crate::{EmulatedBench, Ports, ServeOptions, Server, Timing};

pub(super) fn run<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    // a conversation that stalls is a failure, not a hang
    let guarded = async { tokio::time::timeout(Duration::from_secs(60), future).await };
    LocalSet::new()
        .block_on(&runtime, guarded)
        .expect("an answer")
}

pub(super) async fn line(stream: &mut (impl AsyncReadExt + Unpin)) -> String {
    let mut text = Vec::new();
    loop {
        let byte = stream.read_u8().await.expect("a byte");
        if byte == b'\n' {
            return String::from_utf8_lossy(&text).into_owned();
        }
        text.push(byte);
    }
}

#[test]
fn what_is_written_before_a_wait_is_done_before_it() {
    run(async {
        let bench = bench_with(SAJ, 1);
        let mut grid = bench.connect("grid").expect("a stream");
        grid.write_all(b"VOLT:AC 230\nOUTP:REL ON;STAT ON\n")
            .await
            .expect("written");
        bench.advance_to(Duration::from_millis(500));
        assert!(bench.true_state().pcc_v > 229.0);
        grid.write_all(b"VOLT:AC?\n").await.expect("written");
        assert_eq!(line(&mut grid).await, "230.0");
        drop(grid);
        let mut again = bench.connect("grid").expect("a stream");
        again.write_all(b"OUTP?\n").await.expect("written");
        assert_eq!(line(&mut again).await, "1");
        assert!(bench.connect("nothing").is_err());
    });
}

#[test]
fn wait_resumes_exactly_at_the_update() {
    run(async {
        let bench = bench_with(SAJ, 1);
        let mut meter = bench.connect("analyser").expect("a stream");
        meter
            .write_all(
                b":COMM:HEAD OFF;:RATE 200MS;:STAT:FILT1 FALL;:COMM:WAIT 1;:HOLD ON;:INTEG:STAR\n",
            )
            .await
            .expect("written");
        bench.advance_to(Duration::from_millis(10_300));
        meter
            .write_all(b":NUM:NORM:ITEM1 TIME;:NUM:NORM:VAL? 1\n")
            .await
            .expect("written");
        // integration started at the first update, 0.2 s, and counted the fifty that followed; one
        // more would not show, one less would
        assert_eq!(line(&mut meter).await, "10");
    });
}

#[test]
fn the_serial_port_is_a_real_one() {
    run(async {
        let bench = bench_with(SAJ, 1);
        let mut port = bench.open_pty("dut").expect("a pty");
        assert!(
            port.path
                .as_deref()
                .is_some_and(|path| path.starts_with("/dev/"))
        );
        let mut request = vec![1, 3, 0x40, 0x04, 0, 1];
        request.extend(crc(&request).to_le_bytes());
        port.stream.write_all(&request).await.expect("written");
        let mut reply = [0; 7];
        port.stream.read_exact(&mut reply).await.expect("a reply");
        assert_eq!(reply[..5], [1, 3, 2, 0, 1]);
    });
}

#[test]
fn tcp_serves_several_clients() {
    run(async {
        let bench = bench_with(AUX, 1);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port");
        let address = listener.local_addr().expect("an address");
        let served = bench.clone();
        tokio::task::spawn_local(async move { served.serve_tcp(listener, "battery").await });
        for _ in 0..3 {
            let mut client = tokio::net::TcpStream::connect(address)
                .await
                .expect("connected");
            client.write_all(b"SYST:VERS?\n").await.expect("written");
            assert_eq!(line(&mut client).await, "IT60xxSrc-v1.3.7.21");
        }
    });
}

/// A client in the midst of a conversation that sends several settings, which nothing answers, before it
/// moves time: its system keeps the second until the first is acknowledged (Nagle's algorithm).
#[test]
fn settings_on_their_way_come_before_time_moves() {
    run(async {
        let options = ServeOptions {
            host: [127, 0, 0, 1].into(),
            ports: Ports::default(),
            control: ([127, 0, 0, 1], 0).into(),
            timing: Timing::Virtual,
            portmapper: None,
        };
        let server = Server::bind(bench_with(AUX, 1), &embedded(), &profile(AUX), &options)
            .await
            .expect("free ports");
        let mut all = server.banner().instruments.iter();
        let grid = all.find(|one| one.name == "grid").expect("a grid").clone();
        let control = server.banner().control.clone();
        let quit = tokio::sync::Notify::new();
        let talk = async {
            let connect = tokio::net::TcpStream::connect;
            let mut grid = connect(grid.address).await.expect("connected");
            let mut control = connect(control).await.expect("connected");
            for _ in 0..50 {
                grid.write_all(b"*OPC?\n").await.expect("written");
                assert_eq!(line(&mut grid).await, "1");
            }
            for volts in [200.0, 210.0, 220.0] {
                for setting in [
                    "OUTP:REL ON\n",
                    "OUTP ON\n",
                    "FREQ 50\n",
                    &format!("VOLT:AC {volts}\n"),
                ] {
                    grid.write_all(setting.as_bytes()).await.expect("written");
                }
                let moved = b"advance 400 ms\nstate\n";
                control.write_all(moved).await.expect("written");
                line(&mut control).await;
                let state: serde_json::Value =
                    serde_json::from_str(&line(&mut control).await).expect("an object");
                let there = state["grid_v"].as_f64().expect("a number");
                assert!((there - volts).abs() < 1.0, "{volts} V: {there}");
                grid.write_all(b"*OPC?\n").await.expect("written");
                assert_eq!(line(&mut grid).await, "1");
            }
            quit.notify_one();
        };
        tokio::join!(server.run(&quit), talk);
    });
}

#[expect(
    clippy::disallowed_methods,
    reason = "speed is a matter of the wall clock"
)]
fn stopwatch() -> std::time::Instant {
    std::time::Instant::now()
}

/// Everything a short run shows, with its waits cut into steps.
fn story(seed: u64, steps: &[f64]) -> Vec<String> {
    let bench: EmulatedBench = bench_with(SAJ, seed);
    let mut said = Vec::new();
    let mut grid = Talk::new(&bench, "grid");
    let mut load = Talk::new(&bench, "island-load");
    let mut meter = Talk::new(&bench, "analyser");
    let mut recorder = Talk::new(&bench, "recorder");
    grid.say("VOLT:AC 230;:OUTP:REL ON;STAT ON");
    load.say("PHASE1:RLOAD 1500;RLOADE ON;:FUNC:SLOAD ON");
    meter.say(":COMM:HEAD OFF;:RATE 200MS");
    recorder.say(":COMM:HEAD OFF;:TIM:TDIV 10MS;:ACQ:RLEN 10K;:STAR");
    for chunk in [steps, steps].concat() {
        advance(&bench, chunk);
    }
    load.say("FUNC:S1 OFF");
    for chunk in steps {
        advance(&bench, *chunk);
    }
    said.push(meter.say(":NUM:NORM:VAL?"));
    said.push(recorder.say(":WAV:TRAC 1;FORM ASC;SEND?"));
    said.push(recorder.say(":WAV:TRAC 3;SEND?"));
    said.push(format!("{:?}", bench.true_state()));
    said
}

#[test]
fn the_same_seed_tells_the_same_story_however_time_is_cut() {
    let whole = story(5, &[0.75]);
    assert_eq!(whole, story(5, &[0.75]));
    assert_eq!(whole, story(5, &[0.001, 0.2, 0.0133, 0.5357]));
    assert_ne!(whole, story(6, &[0.75]));
}

#[test]
fn twenty_thousand_transactions_are_quick() {
    run(async {
        let bench = bench_with(SAJ, 1);
        let mut grid = bench.connect("grid").expect("a stream");
        let started = stopwatch();
        for _ in 0..20_000 {
            grid.write_all(b"VOLT:AC 230\nSYST:ERR?\n")
                .await
                .expect("written");
            assert_eq!(line(&mut grid).await, "0,\"No Error\"");
        }
        assert!(
            started.elapsed() < Duration::from_secs(5),
            "{:?}",
            started.elapsed()
        );
    });
}

#[test]
fn two_million_samples_download_quickly() {
    run(async {
        let bench = bench_with(SAJ, 1);
        let mut recorder = bench.connect("recorder").expect("a stream");
        recorder
            .write_all(b":COMM:HEAD OFF;:TIM:TDIV 500MS;:ACQ:RLEN 500K;:STAR\n")
            .await
            .expect("written");
        bench.advance_to(Duration::from_secs(6));
        let started = stopwatch();
        for channel in 1..=4 {
            recorder
                .write_all(format!(":WAV:TRAC {channel};SEND?\n").as_bytes())
                .await
                .expect("written");
            let mut header = [0; 10];
            recorder.read_exact(&mut header).await.expect("a header");
            assert_eq!(header, *b"#801000000");
            let mut data = vec![0; 1_000_001];
            recorder.read_exact(&mut data).await.expect("data");
        }
        assert!(
            started.elapsed() < Duration::from_secs(5),
            "{:?}",
            started.elapsed()
        );
    });
}
