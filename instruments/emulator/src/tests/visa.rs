//! Clients of HiSLIP and VXI-11, byte for byte over TCP.

use std::net::SocketAddr;
use std::rc::Rc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::task::LocalSet;

use super::{AUX, bench_with};
use crate::EmulatedBench;
use crate::visa::{Locks, hislip, vxi11};

async fn listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("bound");
    (listener, address)
}

pub(super) fn on_the_bench<F: Future<Output = ()>>(test: impl FnOnce(EmulatedBench) -> F) {
    in_still_time(|bench| {
        bench.answer_waits(crate::PATIENCE);
        test(bench)
    });
}

/// On a bench whose time nobody moves.
pub(super) fn in_still_time<F: Future<Output = ()>>(test: impl FnOnce(EmulatedBench) -> F) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    LocalSet::new().block_on(&runtime, async {
        test(bench_with(AUX, 1)).await;
    });
}

/// A message of HiSLIP as the standard lays it out.
pub(super) fn message(kind: u8, control: u8, parameter: u32, payload: &[u8]) -> Vec<u8> {
    let mut out = vec![b'H', b'S', kind, control];
    out.extend(parameter.to_be_bytes());
    out.extend((payload.len() as u64).to_be_bytes());
    out.extend(payload);
    out
}

pub(super) type Message = (u8, u8, u32, Vec<u8>);

pub(super) async fn next(stream: &mut TcpStream) -> Message {
    let mut header = [0u8; 16];
    stream.read_exact(&mut header).await.expect("a header");
    assert_eq!(&header[..2], b"HS");
    let word = |at: usize| u32::from_be_bytes(header[at..at + 4].try_into().expect("four"));
    let mut payload = vec![0; word(12) as usize];
    stream.read_exact(&mut payload).await.expect("a payload");
    (header[2], header[3], word(4), payload)
}

/// A client with both channels.
pub(super) struct Client {
    pub(super) sync: TcpStream,
    pub(super) other: TcpStream,
    pub(super) id: u32,
}

impl Client {
    pub(super) async fn new(address: SocketAddr, vendor: &[u8; 2]) -> Self {
        let mut sync = TcpStream::connect(address).await.expect("there");
        // else the system holds a second message back until the first is acknowledged
        sync.set_nodelay(true).expect("a socket");
        let vendor = u32::from(u16::from_be_bytes(*vendor));
        sync.write_all(&message(0, 0, 0x0100_0000 | vendor, b"hislip0"))
            .await
            .expect("sent");
        let (kind, control, parameter, _) = next(&mut sync).await;
        // synchronized mode, version 1.0
        assert_eq!((kind, control, parameter >> 16), (1, 0, 0x0100));
        let mut other = TcpStream::connect(address).await.expect("there");
        other
            .write_all(&message(17, 0, parameter & 0xffff, b""))
            .await
            .expect("sent");
        assert_eq!(next(&mut other).await.0, 18);
        Self {
            sync,
            other,
            id: 0xffff_ff00,
        }
    }

    pub(super) async fn send(&mut self, kind: u8, payload: &[u8]) -> u32 {
        let id = self.id;
        self.id = id.wrapping_add(2);
        self.sync
            .write_all(&message(kind, 0, id, payload))
            .await
            .expect("sent");
        id
    }

    /// A whole message; the payload of the whole reply.
    pub(super) async fn ask(&mut self, text: &str) -> String {
        let id = self.send(7, text.as_bytes()).await;
        let mut reply = Vec::new();
        loop {
            let (kind, control, parameter, payload) = next(&mut self.sync).await;
            assert_eq!((control, parameter), (0, id), "{text}");
            reply.extend(payload);
            match kind {
                6 => {}
                7 => return String::from_utf8_lossy(&reply).into_owned(),
                other => panic!("{text}: message of type {other}"),
            }
        }
    }

    /// On the asynchronous channel.
    pub(super) async fn aside(
        &mut self,
        kind: u8,
        control: u8,
        parameter: u32,
        payload: &[u8],
    ) -> Message {
        self.other
            .write_all(&message(kind, control, parameter, payload))
            .await
            .expect("sent");
        next(&mut self.other).await
    }

    pub(super) async fn status(&mut self) -> u8 {
        let last = self.id.wrapping_sub(2);
        let (kind, status, _, _) = self.aside(21, 0, last, b"").await;
        assert_eq!(kind, 22);
        status
    }
}

pub(super) async fn behind_hislip(bench: &EmulatedBench, instrument: &str) -> SocketAddr {
    let (listener, address) = listener().await;
    let locks = Rc::<Locks>::default();
    let gateway = Rc::new(hislip::Gateway::new(bench, instrument, &locks));
    tokio::task::spawn_local(gateway.serve(listener));
    address
}

#[test]
fn messages_have_ends_and_numbers() {
    on_the_bench(|bench| async move {
        let mut client = Client::new(behind_hislip(&bench, "grid").await, b"GP").await;
        assert!(client.ask("*IDN?").await.starts_with("Chroma,61845"));
        // in pieces, with and without the terminator
        client.send(6, b"VOLT:AC 1").await;
        client.send(6, b"11;").await;
        assert_eq!(client.ask(":VOLT:AC?\n").await, "111.0\n");
        // two messages in one payload: each reply is a message
        let id = client.send(7, b"FREQ?\nVOLT:AC?\n").await;
        for reply in ["50.00\n", "111.0\n"] {
            assert_eq!(next(&mut client.sync).await, (7, 0, id, reply.into()));
        }
        // state belongs to the instrument
        let address = behind_hislip(&bench, "grid").await;
        let mut second = Client::new(address, b"GP").await;
        assert_eq!(second.ask("VOLT:AC?").await, "111.0\n");
    });
}

#[test]
fn long_replies_are_cut_to_what_the_client_takes() {
    on_the_bench(|bench| async move {
        let mut client = Client::new(behind_hislip(&bench, "analyser").await, b"GP").await;
        let (kind, _, _, size) = client.aside(15, 0, 0, &40u64.to_be_bytes()).await;
        assert_eq!((kind, size), (16, (1u64 << 20).to_be_bytes().to_vec()));
        client
            .send(7, b":COMM:HEAD OFF;:NUM:FORM FLO;:NUM:NORM:NUMB 10")
            .await;
        client.send(7, b":NUM:NORM:VAL?").await;
        let mut pieces = Vec::new();
        loop {
            let (kind, _, _, payload) = next(&mut client.sync).await;
            assert!(payload.len() <= 24, "{}", payload.len());
            pieces.push(payload);
            if kind == 7 {
                break;
            }
        }
        let whole = pieces.concat();
        assert!(pieces.len() > 1 && whole.starts_with(b"#4004") && whole.ends_with(b"\n"));
        assert_eq!(whole.len(), 6 + 40 + 1);
    });
}

#[test]
fn status_is_asked_beside_the_messages() {
    on_the_bench(|bench| async move {
        let mut client = Client::new(behind_hislip(&bench, "grid").await, b"GP").await;
        assert_eq!(client.status().await, 0);
        client.send(7, b"*ESE 1;*SRE 32;*OPC").await;
        // the request for service comes by itself, before or after the answer
        let mut seen = Vec::new();
        client
            .other
            .write_all(&message(21, 0, client.id.wrapping_sub(2), b""))
            .await
            .expect("sent");
        for _ in 0..2 {
            let (kind, status, _, _) = next(&mut client.other).await;
            seen.push((kind, status));
        }
        seen.sort_unstable();
        assert_eq!(seen, [(20, 0x60), (22, 0x60)]);
        client.send(7, b"*CLS;*IDN?").await;
        assert_eq!(client.status().await, 0x10, "a message is available");
        let (_, _, _, reply) = next(&mut client.sync).await;
        assert!(reply.starts_with(b"Chroma"));
        let id = client.id.wrapping_sub(2);
        assert_eq!(client.aside(21, 1, id, b"").await.1, 0, "it has been read");
    });
}

#[test]
fn a_device_clear_forgets_what_waits() {
    on_the_bench(|bench| async move {
        let mut client = Client::new(behind_hislip(&bench, "grid").await, b"GP").await;
        client.send(6, b"VOLT:AC 55;VOLT").await;
        assert_eq!(client.aside(19, 0, 0, b"").await.0, 23);
        // lost: it is sent before the clear is complete
        client.send(7, b":AC 77").await;
        client
            .sync
            .write_all(&message(8, 0, 0, b""))
            .await
            .expect("sent");
        assert_eq!(next(&mut client.sync).await.0, 9);
        client.id = 0xffff_ff00;
        assert_eq!(
            client.ask("VOLT:AC?;:SYST:ERR?").await,
            "0.0;0,\"No Error\"\n"
        );
    });
}

#[test]
fn a_lock_keeps_others_waiting() {
    on_the_bench(|bench| async move {
        let address = behind_hislip(&bench, "grid").await;
        let mut first = Client::new(address, b"GP").await;
        let mut second = Client::new(address, b"GP").await;
        assert_eq!(first.aside(4, 1, 1000, b"").await.1, 1);
        assert_eq!(first.aside(4, 1, 1000, b"").await.1, 3, "it has it");
        assert_eq!(second.aside(4, 1, 0, b"").await.1, 0);
        assert_eq!(second.aside(24, 0, 0, b"").await, (25, 1, 1, Vec::new()));
        second.send(7, b"VOLT:AC 99").await;
        assert_eq!(first.ask("VOLT:AC 44;:VOLT:AC?").await, "44.0\n");
        assert_eq!(first.aside(4, 0, first.id.wrapping_sub(2), b"").await.1, 1);
        assert_eq!(
            second.ask("VOLT:AC?").await,
            "99.0\n",
            "what waited is carried out"
        );
        // a client that is lost gives its lock up
        assert_eq!(second.aside(4, 1, 0, b"").await.1, 1);
        drop(second);
        assert_eq!(first.aside(4, 1, 5000, b"").await.1, 1);
    });
}

#[test]
fn what_makes_no_sense_is_told() {
    on_the_bench(|bench| async move {
        let address = behind_hislip(&bench, "grid").await;
        let mut client = Client::new(address, b"GP").await;
        client.send(99, b"?").await;
        let (kind, code, _, _) = next(&mut client.sync).await;
        assert_eq!((kind, code), (3, 1));
        assert!(
            client.ask("*IDN?").await.starts_with("Chroma"),
            "it goes on"
        );
        client
            .sync
            .write_all(b"*IDN?\n1234567890")
            .await
            .expect("sent");
        assert_eq!(next(&mut client.sync).await.1, 1);
        let mut early = TcpStream::connect(address).await.expect("there");
        early
            .write_all(&message(7, 0, 2, b"*IDN?"))
            .await
            .expect("sent");
        let (kind, code, _, _) = next(&mut early).await;
        assert_eq!((kind, code), (2, 3));
        let mut stray = TcpStream::connect(address).await.expect("there");
        stray
            .write_all(&message(17, 0, 4711, b""))
            .await
            .expect("sent");
        assert_eq!(next(&mut stray).await.0, 2);
    });
}

/// XDR of some words and one opaque piece behind them.
pub(super) fn xdr(words: &[u32], opaque: Option<&[u8]>) -> Vec<u8> {
    let mut out: Vec<u8> = words.iter().flat_map(|word| word.to_be_bytes()).collect();
    if let Some(data) = opaque {
        out.extend((data.len() as u32).to_be_bytes());
        out.extend(data);
        out.resize(out.len().next_multiple_of(4), 0);
    }
    out
}

pub(super) fn call(program: u32, version: u32, procedure: u32, arguments: &[u8]) -> Vec<u8> {
    let mut out = xdr(&[7, 0, 2, program, version, procedure, 0, 0, 0, 0], None);
    out.extend(arguments);
    out
}

/// Results of a call over TCP as words; an accepted reply with status 0 is cut off.
pub(super) async fn results(stream: &mut TcpStream, call: &[u8]) -> Vec<u8> {
    let mut record = xdr(&[call.len() as u32 | 1 << 31], None);
    record.extend(call);
    stream.write_all(&record).await.expect("sent");
    let length = stream.read_u32().await.expect("a mark") & 0x7fff_ffff;
    let mut reply = vec![0; length as usize];
    stream.read_exact(&mut reply).await.expect("a record");
    assert_eq!(reply[..24], xdr(&[7, 1, 0, 0, 0, 0], None), "accepted");
    reply.split_off(24)
}

pub(super) fn words(bytes: &[u8]) -> Vec<u32> {
    bytes
        .chunks_exact(4)
        .map(|four| u32::from_be_bytes(four.try_into().expect("four")))
        .collect()
}

pub(super) const CORE: u32 = 395_183;

pub(super) struct Vxi {
    pub(super) core: TcpStream,
    pub(super) link: u32,
}

impl Vxi {
    pub(super) async fn call(&mut self, procedure: u32, arguments: &[u8]) -> Vec<u8> {
        results(&mut self.core, &call(CORE, 1, procedure, arguments)).await
    }

    pub(super) async fn write(&mut self, text: &str, flags: u32) -> Vec<u32> {
        let arguments = xdr(&[self.link, 1000, 0, flags], Some(text.as_bytes()));
        words(&self.call(11, &arguments).await)
    }

    pub(super) async fn read(&mut self, size: u32, flags: u32, last: u8) -> (u32, u32, String) {
        let arguments = xdr(&[self.link, size, 1000, 0, flags, u32::from(last)], None);
        let reply = self.call(12, &arguments).await;
        let head = words(&reply[..12]);
        let data = &reply[12..12 + head[2] as usize];
        (head[0], head[1], String::from_utf8_lossy(data).into_owned())
    }
}

pub(super) async fn behind_vxi11(bench: &EmulatedBench) -> (SocketAddr, SocketAddr) {
    let (core, core_at) = listener().await;
    let (abort, abort_at) = listener().await;
    let (portmapper, at) = listener().await;
    let udp = UdpSocket::bind(at).await.expect("the same port");
    let device = |name: &str| vxi11::Device {
        name: name.to_owned(),
        locks: Rc::default(),
    };
    let devices = vec![device("analyser"), device("grid")];
    let gateway = vxi11::Gateway::new(bench, devices, core_at, abort_at);
    let sockets = vxi11::Sockets {
        portmapper: (portmapper, udp),
        core,
        abort,
    };
    tokio::task::spawn_local(Rc::new(gateway).serve(sockets));
    (core_at, at)
}

pub(super) async fn linked(core: SocketAddr, device: &str) -> Vxi {
    let mut core = TcpStream::connect(core).await.expect("there");
    let arguments = xdr(&[1, 0, 0], Some(device.as_bytes()));
    let reply = words(&results(&mut core, &call(CORE, 1, 10, &arguments)).await);
    assert_eq!(reply[0], 0, "{device}");
    assert!(reply[3] >= 1024, "largest write");
    Vxi {
        core,
        link: reply[1],
    }
}

pub(super) const END: u32 = 8;
const TERMINATOR: u32 = 128;

#[test]
fn the_portmapper_knows_the_core_channel() {
    on_the_bench(|bench| async move {
        let (core, portmapper) = behind_vxi11(&bench).await;
        let ask = call(100_000, 2, 3, &xdr(&[CORE, 1, 6, 0], None));
        let mut tcp = TcpStream::connect(portmapper).await.expect("there");
        assert_eq!(
            words(&results(&mut tcp, &ask).await),
            [u32::from(core.port())]
        );
        let udp = UdpSocket::bind("127.0.0.1:0").await.expect("a port");
        udp.send_to(&ask, portmapper).await.expect("sent");
        let mut reply = [0; 64];
        let (length, _) = udp.recv_from(&mut reply).await.expect("a reply");
        assert_eq!(words(&reply[..length])[6], u32::from(core.port()));
        // another program is not there
        let other = call(100_000, 2, 3, &xdr(&[100_003, 3, 6, 0], None));
        assert_eq!(words(&results(&mut tcp, &other).await), [0]);
    });
}

#[test]
fn a_link_writes_reads_and_polls() {
    on_the_bench(|bench| async move {
        let (core, _) = behind_vxi11(&bench).await;
        let mut grid = linked(core, "grid").await;
        assert_eq!(grid.write("*IDN", 0).await, [0, 4]);
        assert_eq!(grid.write("?", END).await, [0, 1]);
        let generic = xdr(&[grid.link, 0, 0, 0], None);
        assert_eq!(
            words(&grid.call(13, &generic).await),
            [0, 0x10],
            "available"
        );
        let (error, reason, first) = grid.read(7, 0, 0).await;
        assert_eq!((error, reason, first.as_str()), (0, 1, "Chroma,"));
        let (_, reason, next) = grid.read(100, TERMINATOR, b',').await;
        assert_eq!((reason, next.as_str()), (2, "61845,"));
        let (_, reason, rest) = grid.read(100, 0, 0).await;
        assert!(reason == 4 && rest.ends_with("\n"), "{rest}");
        // nothing can come: the time-out is told without waiting for it
        assert_eq!(grid.read(100, 0, 0).await, (15, 0, String::new()));
        // a clear forgets half a message
        grid.write("VOLT", 0).await;
        assert_eq!(words(&grid.call(15, &generic).await), [0]);
        grid.write("VOLT:AC 66", END).await;
        grid.write("VOLT:AC?;:SYST:ERR?", END).await;
        assert_eq!(grid.read(100, 0, 0).await.2, "66.0;0,\"No Error\"\n");
        assert_eq!(words(&grid.call(23, &xdr(&[grid.link], None)).await), [0]);
        assert_eq!(words(&grid.call(23, &xdr(&[grid.link], None)).await), [4]);
        // by number, in order of name
        let mut analyser = linked(core, "inst0").await;
        analyser.write("*IDN?", END).await;
        assert!(analyser.read(100, 0, 0).await.2.starts_with("YOKOGAWA"));
        let unknown = xdr(&[1, 0, 0], Some(b"gpib0,7"));
        assert_eq!(words(&analyser.call(10, &unknown).await)[0], 3);
    });
}

#[test]
fn a_read_waits_for_bench_time_and_a_lock_for_its_holder() {
    on_the_bench(|bench| async move {
        let (core, _) = behind_vxi11(&bench).await;
        let mut analyser = linked(core, "analyser").await;
        analyser
            .write(":COMM:HEAD OFF;:STAT:FILT1 FALL;:STAT:EESR?", END)
            .await;
        analyser.read(100, 0, 0).await;
        let before = bench.now();
        analyser.write(":COMM:WAIT 1;*OPC?", END).await;
        assert_eq!(analyser.read(100, 0, 0).await, (0, 4, "1\n".to_owned()));
        assert!(bench.now() > before, "time has moved to the update");
        let mut other = linked(core, "analyser").await;
        assert_eq!(
            words(&analyser.call(18, &xdr(&[analyser.link, 0, 0], None)).await),
            [0]
        );
        assert_eq!(other.write("*CLS", END).await, [11, 0], "locked by another");
        assert_eq!(
            words(&other.call(19, &xdr(&[other.link], None)).await),
            [12]
        );
        assert_eq!(
            words(&analyser.call(19, &xdr(&[analyser.link], None)).await),
            [0]
        );
        assert_eq!(other.write("*CLS", END).await, [0, 4]);
    });
}
