//! Every emulated instrument, fed by a client that sends any bytes, and the control port.
//! What stands in front of instruments is in `visa`.

use std::future::Future;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::time::Duration;

use gridproof_emulator::{EmulatedBench, Ports, ServeOptions, Server, Timing};
use gridproof_model::bench::Bench;
use gridproof_model::dut::DutProfile;
use gridproof_model::grid_code::GridCode;
use gridproof_model::load;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};
use tokio::sync::Notify;
use tokio::task::LocalSet;

use crate::visa::pieces;

/// Bench time that passes after each half of what is sent.
const MOMENT: Duration = Duration::from_millis(15);
/// Turns the connection's task gets after each half.
const TURNS: usize = 8;
/// Wall time that a conversation with the control port may take: `advance 1e6 s` is a valid wish.
pub(crate) const PATIENCE: Duration = Duration::from_millis(200);

/// The files of an emulated bench, parsed.
pub(crate) struct World {
    pub(crate) bench: Bench,
    pub(crate) dut: DutProfile,
    codes: Vec<GridCode>,
}

fn shipped(path: &str) -> String {
    let full: PathBuf = [env!("CARGO_MANIFEST_DIR"), "..", "fixtures", path]
        .iter()
        .collect();
    std::fs::read_to_string(&full).unwrap_or_else(|error| panic!("{}: {error}", full.display()))
}

impl World {
    pub(crate) fn new(bench: &str, dut: &str, change: (&str, &str)) -> Self {
        let text = shipped(&format!("benches/{bench}.yaml")).replace(change.0, change.1);
        let bench = load::parse_bench(bench, &text).expect("a shipped bench");
        let text = shipped(&format!("duts/{dut}.yaml"));
        let dut = load::parse_dut(dut, &text).expect("a shipped DUT");
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/grid-codes");
        let codes = std::fs::read_dir(folder)
            .expect("the shipped grid codes")
            .filter_map(|entry| {
                let path = entry.ok()?.path();
                let name = path.file_stem()?.to_str()?.to_owned();
                load::parse_grid_code(&name, &std::fs::read_to_string(&path).ok()?).ok()
            })
            .collect();
        Self { bench, dut, codes }
    }

    pub(crate) fn power(&self) -> EmulatedBench {
        EmulatedBench::new(&self.bench, &self.dut, &self.dut.behaviour, &self.codes, 1)
            .expect("the shipped files fit together")
    }
}

/// One instrument of one bench.
pub(crate) struct Place {
    bench: &'static str,
    dut: &'static str,
    /// A word of the bench file and what stands there instead.
    change: (&'static str, &'static str),
    instrument: &'static str,
    /// Where the commands of its model are listed, below `instruments/emulator/src/devices`.
    pub(crate) commands: &'static [&'static str],
}

pub(crate) const AUX: &str = "aux-asg-5sl-zh";
/// A DUT whose battery has a management system on CAN.
const LOW_VOLTAGE: &str = "reference-growatt-6k5";

const fn place(
    bench: &'static str,
    instrument: &'static str,
    commands: &'static [&'static str],
) -> Place {
    Place {
        bench,
        dut: AUX,
        change: ("", ""),
        instrument,
        commands,
    }
}

/// Name of the target, and what it talks to.
pub(crate) const PLACES: [(&str, Place); 19] = [
    (
        "chroma_61845",
        place("embedded", "grid", &["chroma_61845/commands.rs"]),
    ),
    (
        "terrasas",
        place("embedded", "pv", &["terrasas/commands.rs"]),
    ),
    (
        "itech_it6000c",
        place("embedded", "battery", &["itech_it6000c/commands.rs"]),
    ),
    (
        "chroma_a800067",
        place("embedded", "island-load", &["chroma_a800067.rs"]),
    ),
    (
        "yokogawa_wt3000",
        place("embedded", "analyser", &["yokogawa_wt3000/commands.rs"]),
    ),
    (
        "yokogawa_dl850",
        place("embedded", "recorder", &["yokogawa_dl850/commands.rs"]),
    ),
    (
        "espec_p300",
        place(
            "embedded",
            "chamber",
            &[
                "espec_p300/mod.rs",
                "espec_p300/program.rs",
                "espec_p300/query.rs",
                "espec_p300/timer.rs",
            ],
        ),
    ),
    ("adam_6060", place("embedded", "dred-a", &[])),
    ("sunspec", place("embedded", "dut", &[])),
    (
        "saj_as1",
        Place {
            dut: "saj-as1-3ks-5.1",
            ..place("embedded", "dut", &[])
        },
    ),
    (
        "ametek_mx",
        place("embedded-b", "grid", &["ametek_mx/commands.rs"]),
    ),
    (
        "chroma_62000h",
        place("embedded-b", "pv", &["chroma_62000h/commands.rs"]),
    ),
    (
        "ea_psb",
        place("embedded-b", "battery", &["ea_psb/scpi_commands.rs"]),
    ),
    (
        "yokogawa_wt5000",
        place("embedded-b", "analyser", &["yokogawa_wt3000/commands.rs"]),
    ),
    (
        "tektronix_mdo4000",
        place("embedded-b", "recorder", &["tektronix_mdo4000/commands.rs"]),
    ),
    (
        "weiss_simserv",
        place("embedded-b", "chamber", &["weiss_simserv.rs"]),
    ),
    (
        "ddsu666",
        Place {
            dut: LOW_VOLTAGE,
            ..place("embedded-c", "meter", &[])
        },
    ),
    (
        "sdm120",
        Place {
            dut: LOW_VOLTAGE,
            change: ("chint-ddsu666", "eastron-sdm120"),
            ..place("embedded-c", "meter", &[])
        },
    ),
    (
        "slcan",
        Place {
            dut: LOW_VOLTAGE,
            ..place("embedded-c", "bms", &[])
        },
    ),
];

/// A client sends `data` in two pieces and never reads; time passes; it hangs up.
pub(crate) fn converse(target: &str, data: &[u8]) {
    let Some((_, place)) = PLACES.iter().find(|(name, _)| *name == target) else {
        panic!("no emulated instrument `{target}`");
    };
    thread_local! {
        static WORLDS: std::cell::RefCell<std::collections::BTreeMap<String, std::rc::Rc<World>>> =
            std::cell::RefCell::default();
    }
    let world = WORLDS.with_borrow_mut(|worlds| {
        let world = worlds
            .entry(target.to_owned())
            .or_insert_with(|| std::rc::Rc::new(World::new(place.bench, place.dut, place.change)));
        std::rc::Rc::clone(world)
    });
    within_runtime(async {
        let bench = world.power();
        let mut client = bench.connect(place.instrument).expect("it is on the bench");
        let (first, second) = data.split_at(data.len() / 2);
        for piece in [first, second] {
            // the buffer of the connection holds more than the longest input
            client.write_all(piece).await.expect("an open connection");
            for _ in 0..TURNS {
                tokio::task::yield_now().await;
            }
            bench.advance_to(bench.now() + MOMENT);
        }
        assert!(bench.true_state().grid_set_v.is_finite());
        drop(client);
        tokio::task::yield_now().await;
    });
}

/// Runs `conversation` on a runtime of its own, so that nothing of it outlives the input.
pub(crate) fn within_runtime(conversation: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    LocalSet::new().block_on(&runtime, conversation);
}

/// Datagrams of two clients, as `pieces` has them, to the ASCII commands of a relay bank.
pub fn adam_6060_ascii(data: &[u8]) {
    thread_local! {
        static WORLD: World = World::new("embedded", AUX, ("", ""));
    }
    WORLD.with(|world| {
        within_runtime(async {
            let bench = world.power();
            let open = || UdpSocket::bind("127.0.0.1:0");
            let socket = open().await.expect("a free port");
            let at = socket.local_addr().expect("bound");
            let clients = [open().await.expect("free"), open().await.expect("free")];
            let served = bench.clone();
            tokio::task::spawn_local(async move { served.serve_udp(socket, "dred-a").await });
            for (to, datagram) in pieces(data) {
                let client = &clients[to % clients.len()];
                // one that is longer than a datagram can be is not sent
                let _sent = client.send_to(datagram, at).await;
                for _ in 0..TURNS {
                    tokio::task::yield_now().await;
                }
                bench.advance_to(bench.now() + MOMENT);
                let mut reply = [0; 200];
                while let Ok(length) = client.try_recv(&mut reply) {
                    let reply = std::str::from_utf8(&reply[..length]).expect("replies are text");
                    let body = reply.strip_suffix('\r').expect("a reply has an end");
                    let begins = ["!01", ">01", "?01"]
                        .iter()
                        .any(|head| body.starts_with(head));
                    assert!(begins && !body.contains('\r'), "{reply:?}");
                }
            }
        });
    });
}

/// The control port: lines and HTTP.
pub fn control(data: &[u8]) {
    thread_local! {
        static WORLD: World = World::new("embedded", AUX, ("", ""));
    }
    WORLD.with(|world| {
        within_runtime(async {
            let options = ServeOptions {
                host: [127, 0, 0, 1].into(),
                ports: Ports::default(),
                control: ([127, 0, 0, 1], 0).into(),
                timing: Timing::Virtual,
                portmapper: None,
            };
            let server = Server::bind(world.power(), &world.bench, &world.dut, &options)
                .await
                .expect("free ports");
            let address = server.banner().control.clone();
            let quit = Notify::new();
            let serving = pin!(server.run(&quit));
            let talking = async {
                let mut client = TcpStream::connect(&address).await?;
                client.write_all(data).await?;
                client.shutdown().await?;
                let mut reply = Vec::new();
                client.read_to_end(&mut reply).await?;
                std::io::Result::Ok(reply)
            };
            let talk = tokio::time::timeout(PATIENCE, talking);
            tokio::select! {
                () = serving => {}
                reply = talk => {
                    if let Ok(Ok(reply)) = reply {
                        let text = String::from_utf8(reply).expect("replies are text");
                        assert!(text.is_empty() || text.ends_with('\n'));
                    }
                }
            }
        });
    });
}

/// Commands of a model as its own table lists them, as a client may write them.
pub(crate) fn commands(place: &Place) -> Vec<Vec<u8>> {
    let mut lines = Vec::new();
    for file in place.commands {
        let path: PathBuf = [
            env!("CARGO_MANIFEST_DIR"),
            "../instruments/emulator/src/devices",
            file,
        ]
        .iter()
        .collect();
        let text = std::fs::read_to_string(path).unwrap_or_default();
        for literal in text.split('"').skip(1).step_by(2) {
            let header = plain(literal);
            let starts = header.starts_with(|c: char| c.is_ascii_alphabetic() || c == '*');
            if starts && !header.contains(['\n', '{', '`']) {
                for tail in ["?\n", " 1\n", " 1,2,3\n", "? MAX\n", " ON;*OPC?\n"] {
                    lines.push(format!("{header}{tail}").into_bytes());
                }
            }
        }
    }
    // a few long conversations besides, so that commands meet
    let together: Vec<Vec<u8>> = lines.chunks(12).map(<[Vec<u8>]>::concat).collect();
    lines.extend(together);
    lines
}

/// A pattern without what may be left out: `[SOURce:]VOLTage[:LEVel]` is `VOLTage`, `CH#` is `CH1`.
fn plain(pattern: &str) -> String {
    let (mut depth, mut out) = (0_u32, String::new());
    for letter in pattern.chars() {
        match letter {
            '[' => depth += 1,
            ']' => depth = depth.saturating_sub(1),
            _ if depth > 0 => {}
            '#' => out.push('1'),
            '?' => {}
            _ => out.push(letter),
        }
    }
    out
}
