//! ASCII commands of the ADAM-6060 in datagrams: the manual's syntax, and one state behind both wires.

use std::net::SocketAddr;
use std::time::Duration;

use gridproof_model::load::parse_fault;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};
use tokio::task::LocalSet;

use super::{SAJ, advance, bench_with, embedded, profile};
use crate::{EmulatedBench, Ports, ServeOptions, Server, Timing};

/// A reply that takes longer is none.
const LIMIT: Duration = Duration::from_secs(10);

/// A client of one bank over UDP.
struct Client(UdpSocket);

impl Client {
    async fn of(at: SocketAddr) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").await.expect("a port");
        socket.connect(at).await.expect("an address");
        Self(socket)
    }

    async fn tell(&self, datagram: &str) {
        self.0.send(datagram.as_bytes()).await.expect("sent");
    }

    async fn hear(&self) -> String {
        let mut reply = [0; 200];
        let length = tokio::time::timeout(LIMIT, self.0.recv(&mut reply))
            .await
            .expect("a reply")
            .expect("a socket");
        String::from_utf8_lossy(&reply[..length]).into_owned()
    }

    async fn ask(&self, command: &str) -> String {
        self.tell(&format!("{command}\r")).await;
        self.hear().await
    }
}

/// Bank `dred-a` (relay 0 shorts pins 5 and 6) behind a UDP port.
fn behind_udp<F: Future<Output = ()>>(test: impl FnOnce(EmulatedBench, SocketAddr) -> F) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    LocalSet::new().block_on(&runtime, async {
        let bench = bench_with(SAJ, 1);
        let socket = UdpSocket::bind("127.0.0.1:0").await.expect("a port");
        let at = socket.local_addr().expect("bound");
        let served = bench.clone();
        tokio::task::spawn_local(async move { served.serve_udp(socket, "dred-a").await });
        test(bench, at).await;
    });
}

#[test]
fn commands_answer_as_in_the_manual() {
    behind_udp(|_, at| async move {
        let client = Client::of(at).await;
        for (command, reply) in [
            ("$01M", "!016060\r"),
            ("$01F", "!01 5.00\r"),
            ("$016", "!01000000\r"),
            ("$01JCFFFF0001", ">0100000000\r"),
            ("$01JCFFFF0402", ">010000000000000000\r"),
            ("$01Vd", ">0100000000\r"),
            // flags 0, 1, 3 and 5, the manual's example
            ("#01Vd00000000002B", ">01\r"),
            ("$01Vd", ">010000002B\r"),
            ("#01Vd100E00000001", ">01\r"),
            ("#01Vd100300000000", ">01\r"),
            ("$01Vd", ">0100004023\r"),
            ("#011201", ">01\r"),
            ("#010033", ">01\r"),
            ("#01000033", ">01\r"),
            ("#011500", ">01\r"),
        ] {
            assert_eq!(client.ask(command).await, reply, "{command}");
        }
    });
}

#[test]
fn what_cannot_be_carried_out_is_told_and_what_is_no_command_is_not_answered() {
    behind_udp(|bench, at| async move {
        let client = Client::of(at).await;
        for command in [
            "$01",
            "#01",
            "$01X",
            "$01m",
            "$017",
            "#011601",  // a seventh relay
            "#011002",  // neither on nor off
            "#01101",   // a digit too few
            "#0110001", // one too many
            "#0100001",
            "$01JCFFFF00001",
            "#010040",   // a seventh relay
            "#01000100", // a ninth
            "#01003",
            "#0100+3",
            "#012001",
            "$01JCFFFF0600",
            "$01JCFFFF0601",
            "$01JCFFFF0403",
            "#01Vd000000010000", // a seventeenth flag
            "#01Vd101000000001",
            "#01Vd100300000002",
            "#01é00",
        ] {
            assert_eq!(client.ask(command).await, "?01\r", "{command}");
        }
        // no end, no delimiter, another address, nothing at all; the next command is not spoilt
        for nothing in [
            "#011001",
            "011001\r",
            "#021001\r",
            "#0",
            "\r",
            "",
            "%0101\r",
        ] {
            client.tell(nothing).await;
        }
        assert_eq!(client.ask("$01M").await, "!016060\r");
        // CR ends the command, what follows it in the datagram is none
        assert_eq!(client.ask("$01M\r\n#011001").await, "!016060\r");
        advance(&bench, 0.1);
        assert!(bench.true_state().drm_pins.is_empty(), "no relay moved");
    });
}

#[test]
fn both_wires_have_one_state() {
    behind_udp(|bench, at| async move {
        let client = Client::of(at).await;
        let other = Client::of(at).await;
        let mut modbus = bench.connect("dred-a").expect("there");
        assert_eq!(client.ask("#011001").await, ">01\r");
        advance(&bench, 0.0069);
        assert!(bench.true_state().drm_pins.is_empty());
        advance(&bench, 0.0001);
        assert_eq!(bench.true_state().drm_pins, [(5, 6)]);
        assert_eq!(other.ask("#011401").await, ">01\r");
        let read = [0, 3, 0, 0, 0, 6, 1, 1, 0, 0x10, 0, 6];
        let mut reply = [0; 10];
        modbus.write_all(&read).await.expect("sent");
        modbus.read_exact(&mut reply).await.expect("a reply");
        assert_eq!(reply, [0, 3, 0, 0, 0, 4, 1, 1, 1, 0b1_0001]);
        // all off over the other wire, and all but one on over this one
        modbus
            .write_all(&[0, 4, 0, 0, 0, 8, 1, 15, 0, 0x10, 0, 6, 1, 0])
            .await
            .expect("sent");
        let mut done = [0; 12];
        modbus.read_exact(&mut done).await.expect("a reply");
        advance(&bench, 0.003);
        assert!(bench.true_state().drm_pins.is_empty());
        assert_eq!(client.ask("#01003E").await, ">01\r");
        modbus.write_all(&read).await.expect("sent");
        modbus.read_exact(&mut reply).await.expect("a reply");
        assert_eq!(reply[9], 0b11_1110);
    });
}

#[test]
fn replies_go_to_who_asked_and_late_ones_stay_apart() {
    behind_udp(|bench, at| async move {
        let (a, b) = (Client::of(at).await, Client::of(at).await);
        assert_eq!(a.ask("$01M").await, "!016060\r");
        assert_eq!(b.ask("$01F").await, "!01 5.00\r");
        let late = "{instrument: dred-a, fault: late-reply, delay: 500 ms, count: 3}";
        bench
            .inject(parse_fault("fault", late).expect("a fault"))
            .expect("possible");
        a.tell("$01M\r").await;
        a.tell("$016\r").await;
        b.tell("$01F\r").await;
        let mut early = [0; 200];
        let soon = tokio::time::timeout(Duration::from_millis(50), a.0.recv(&mut early)).await;
        assert!(soon.is_err(), "an early reply");
        advance(&bench, 0.5);
        assert_eq!(a.hear().await, "!016060\r");
        assert_eq!(a.hear().await, "!01000000\r");
        assert_eq!(b.hear().await, "!01 5.00\r");
        // a client whose link was torn down is served anew
        let torn = "{instrument: dred-a, fault: reset-connection}";
        bench
            .inject(parse_fault("fault", torn).expect("a fault"))
            .expect("possible");
        tokio::task::yield_now().await;
        assert_eq!(a.ask("$01M").await, "!016060\r");
    });
}

#[test]
fn many_clients_are_served_and_the_silent_ones_forgotten() {
    behind_udp(|_, at| async move {
        let first = Client::of(at).await;
        assert_eq!(first.ask("$01M").await, "!016060\r");
        for _ in 0..200 {
            assert_eq!(Client::of(at).await.ask("$01M").await, "!016060\r");
        }
        assert_eq!(first.ask("$01F").await, "!01 5.00\r");
    });
}

#[test]
fn the_banner_tells_both_addresses() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    LocalSet::new().block_on(&runtime, async {
        let options = |ports: Ports| ServeOptions {
            host: [127, 0, 0, 1].into(),
            ports,
            control: ([127, 0, 0, 1], 0).into(),
            timing: Timing::Virtual,
            portmapper: None,
        };
        let free = options(Ports::default());
        let server = Server::bind(bench_with(SAJ, 1), &embedded(), &profile(SAJ), &free)
            .await
            .expect("free ports");
        let of_bank: Vec<_> = server
            .banner()
            .instruments
            .iter()
            .filter(|one| one.name == "dred-a")
            .cloned()
            .collect();
        let protocols: Vec<_> = of_bank.iter().map(|one| one.protocol).collect();
        assert_eq!(protocols, ["modbus-tcp", "adam-ascii-udp"]);
        assert_eq!(of_bank[1].terminator.as_deref(), Some("\r"));
        let udp: SocketAddr = of_bank[1].address.parse().expect("an address");
        let quit = tokio::sync::Notify::new();
        let talk = async {
            assert_eq!(Client::of(udp).await.ask("$01M").await, "!016060\r");
            TcpStream::connect(&of_bank[0].address)
                .await
                .expect("there");
            quit.notify_one();
        };
        // a port that another program has is told with the flag that moves it
        let taken = Ports {
            fixed: vec![("dred-b.udp".to_owned(), udp.port())],
            base: None,
        };
        let refused = Server::bind(
            bench_with(SAJ, 1),
            &embedded(),
            &profile(SAJ),
            &options(taken),
        )
        .await;
        let told = refused.err().expect("taken").to_string();
        assert!(told.contains("--port dred-b.udp=PORT"), "{told}");
        tokio::join!(server.run(&quit), talk);
    });
}

#[test]
fn an_instrument_without_datagrams_is_refused() {
    behind_udp(|bench, _| async move {
        let socket = UdpSocket::bind("127.0.0.1:0").await.expect("a port");
        let refused = bench.serve_udp(socket, "grid").await;
        assert!(refused.is_err_and(|error| error.to_string().contains("UDP")));
    });
}
