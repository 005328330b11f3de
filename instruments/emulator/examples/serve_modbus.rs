//! Serves a bench's instruments on loopback for clients in other languages, in virtual time that a
//! control port moves: `advance SECONDS` and `state`, one per line.
//!
//! Arguments: root of the repository, bench, DUT, first port.

#![allow(clippy::print_stdout, reason = "the addresses are its output")]

use std::time::Duration;

use gridproof_emulator::EmulatedBench;
use gridproof_model::load;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio::task::LocalSet;

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    LocalSet::new().block_on(&runtime, serve());
}

async fn serve() {
    let mut args = std::env::args().skip(1);
    let mut next = || args.next().expect("an argument");
    let (root, bench, dut, port) = (next(), next(), next(), next());
    let read =
        |path: String| std::fs::read_to_string(format!("{root}/fixtures/{path}")).expect("a file");
    let bench = load::parse_bench(&bench, &read(format!("benches/{bench}.yaml"))).expect("good");
    let dut = load::parse_dut(&dut, &read(format!("duts/{dut}.yaml"))).expect("good");
    let codes: Vec<_> = ["as-nzs-4777.2-2020-a", "iec-61727-2004", "iec-62116-2014"]
        .iter()
        .map(|name| {
            load::parse_grid_code(name, &read(format!("grid-codes/{name}.yaml"))).expect("good")
        })
        .collect();
    let world = EmulatedBench::new(&bench, &dut, &dut.behaviour, &codes, 1).expect("a bench");
    let first: u16 = port.parse().expect("a port");
    for (port, name) in (first + 1..).zip(world.instruments()) {
        let listener = TcpListener::bind(("127.0.0.1", port))
            .await
            .expect("a port");
        println!("{name} {port}");
        let world = world.clone();
        tokio::task::spawn_local(async move { world.serve_tcp(listener, &name).await });
    }
    for name in ["dut", "meter"] {
        if let Ok(pty) = world.open_pty(name) {
            println!("{name}-pty {}", pty.path.clone().unwrap_or_default());
            // held open for as long as this program runs
            std::mem::forget(pty);
        }
    }
    let control = TcpListener::bind(("127.0.0.1", first))
        .await
        .expect("a port");
    println!("control {first}");
    loop {
        let (stream, _) = control.accept().await.expect("a client");
        let world = world.clone();
        tokio::task::spawn_local(async move {
            let (reader, mut writer) = stream.into_split();
            let mut lines = BufReader::new(reader).lines();
            while let Ok(Some(line)) = lines.next_line().await {
                if let Some(seconds) = line.strip_prefix("advance ") {
                    let seconds = seconds.trim().parse().unwrap_or(0.0);
                    world.advance_to(world.now() + Duration::from_secs_f64(seconds));
                }
                let state = format!("{:?}\n", world.true_state());
                if writer.write_all(state.as_bytes()).await.is_err() {
                    break;
                }
            }
        });
    }
}
