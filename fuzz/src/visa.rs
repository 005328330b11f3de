//! HiSLIP and VXI-11: a client whose channels carry any bytes, in any order.
//!
//! An input is a row of pieces: a byte that chooses the channel, two of a length, the bytes. What
//! comes back must be whole messages of the protocol.

use std::net::SocketAddr;
use std::pin::pin;

use gridproof_emulator::{Ports, ServeOptions, Server, Timing};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

use crate::devices::{AUX, PATIENCE, World, within_runtime};

/// Bytes of a HiSLIP header.
const HEADER: usize = 16;
/// Program of the core channel.
const CORE: u32 = 0x0006_07af;
/// Program of the abort channel.
const ABORT: u32 = 0x0006_07b0;
/// The instrument that a client is connected to.
const INSTRUMENT: &str = "grid";

/// The pieces of an input.
pub(crate) fn pieces(data: &[u8]) -> Vec<(usize, &[u8])> {
    let (mut rest, mut out) = (data, Vec::new());
    while let [to, high, low, tail @ ..] = rest {
        let length = usize::from(u16::from_be_bytes([*high, *low])).min(tail.len());
        out.push((usize::from(*to), &tail[..length]));
        rest = &tail[length..];
    }
    out
}

/// A piece as [`pieces`] reads it.
pub(crate) fn piece(to: u8, bytes: &[u8]) -> Vec<u8> {
    let mut out = vec![to];
    out.extend((bytes.len() as u16).to_be_bytes());
    out.extend(bytes);
    out
}

/// Sends the pieces to their channels, hangs up, and takes what comes back on each; a channel on
/// which it does not end in time is not looked at.
async fn exchange(mut channels: Vec<TcpStream>, data: &[u8]) -> Vec<Vec<u8>> {
    let count = channels.len();
    for (to, bytes) in pieces(data) {
        // a server that has hung up, or takes nothing before its replies are read
        let send = channels[to % count].write_all(bytes);
        let _sent = tokio::time::timeout(PATIENCE, send).await;
    }
    let mut replies = Vec::new();
    for channel in &mut channels {
        let mut reply = Vec::new();
        let taken = async {
            channel.shutdown().await?;
            channel.read_to_end(&mut reply).await
        };
        if let Ok(Ok(_)) = tokio::time::timeout(PATIENCE, taken).await {
            replies.push(reply);
        }
    }
    replies
}

/// Serves the bench to one conversation.
fn serve<F>(talk: impl FnOnce(SocketAddr, SocketAddr) -> F)
where
    F: Future<Output = ()>,
{
    thread_local! {
        static WORLD: World = World::new("embedded", AUX, ("", ""));
    }
    WORLD.with(|world| {
        within_runtime(async {
            let free = TcpListener::bind("127.0.0.1:0").await.expect("a port");
            let portmapper = free.local_addr().expect("bound");
            drop(free);
            let options = ServeOptions {
                host: portmapper.ip(),
                ports: Ports::default(),
                control: (portmapper.ip(), 0).into(),
                timing: Timing::Virtual,
                portmapper: Some(portmapper.port()),
            };
            // somebody else may have taken the port since
            let Ok(server) = Server::bind(world.power(), &world.bench, &world.dut, &options).await
            else {
                return;
            };
            let banner = server.banner();
            let found = banner
                .visa
                .iter()
                .find(|endpoint| endpoint.name == INSTRUMENT && endpoint.protocol == "hislip");
            let hislip = found.expect("it is offered").address.parse();
            let hislip: SocketAddr = hislip.expect("an address");
            let quit = Notify::new();
            let serving = pin!(server.run(&quit));
            tokio::select! {
                () = serving => {}
                () = talk(hislip, portmapper) => {}
            }
        });
    });
}

/// A message of HiSLIP.
fn message(kind: u8, control: u8, parameter: u32, payload: &[u8]) -> Vec<u8> {
    let mut out = vec![b'H', b'S', kind, control];
    out.extend(parameter.to_be_bytes());
    out.extend((payload.len() as u64).to_be_bytes());
    out.extend(payload);
    out
}

async fn header(stream: &mut TcpStream) -> [u8; HEADER] {
    let mut header = [0; HEADER];
    stream.read_exact(&mut header).await.expect("an answer");
    header
}

/// Channels 0 and 1 are those of a session, 2 is a connection that says what it likes from the start.
pub fn hislip(data: &[u8]) {
    serve(|address, _| async move {
        let connect = || TcpStream::connect(address);
        let mut synchronous = connect().await.expect("there");
        let hello = message(0, 0, 0x0100_4750, b"hislip0");
        synchronous.write_all(&hello).await.expect("open");
        let [_, _, _, _, _, _, high, low, ..] = header(&mut synchronous).await;
        let mut other = connect().await.expect("there");
        let hello = message(17, 0, u32::from(u16::from_be_bytes([high, low])), b"");
        other.write_all(&hello).await.expect("open");
        header(&mut other).await;
        let raw = connect().await.expect("there");
        for reply in exchange(vec![synchronous, other, raw], data).await {
            let mut rest = &reply[..];
            while !rest.is_empty() {
                let header: [u8; HEADER] = rest[..HEADER].try_into().expect("a whole header");
                assert_eq!(&header[..2], b"HS");
                assert!(header[2] <= 25, "a message of type {}", header[2]);
                let [.., a, b, c, d] = header;
                rest = &rest[HEADER + u32::from_be_bytes([a, b, c, d]) as usize..];
            }
        }
    });
}

/// XDR: words, and perhaps a piece with its length behind them.
fn xdr(words: &[u32], opaque: Option<&[u8]>) -> Vec<u8> {
    let mut out: Vec<u8> = words.iter().flat_map(|word| word.to_be_bytes()).collect();
    if let Some(data) = opaque {
        out.extend((data.len() as u32).to_be_bytes());
        out.extend(data);
        out.resize(out.len().next_multiple_of(4), 0);
    }
    out
}

/// A record with a call.
fn call(program: u32, version: u32, procedure: u32, arguments: &[u8]) -> Vec<u8> {
    let head = xdr(&[7, 0, 2, program, version, procedure, 0, 0, 0, 0], None);
    let length = (head.len() + arguments.len()) as u32;
    [xdr(&[length | 1 << 31], None), head, arguments.to_vec()].concat()
}

/// The words of a reply to a call.
async fn words<const N: usize>(stream: &mut TcpStream, call: &[u8]) -> [u32; N] {
    stream.write_all(call).await.expect("open");
    let length = stream.read_u32().await.expect("a mark") & 0x7fff_ffff;
    let mut reply = vec![0; length as usize];
    stream.read_exact(&mut reply).await.expect("a record");
    // behind the head of an accepted reply
    let mut words = reply[24..].chunks_exact(4);
    [(); N].map(|()| {
        let word = words.next().expect("a result");
        u32::from_be_bytes(word.try_into().expect("four bytes"))
    })
}

/// Channel 0 is the core channel with a link, 1 the abort channel, 2 the portmapper.
pub fn vxi11(data: &[u8]) {
    serve(|_, portmapper| async move {
        let mut map = TcpStream::connect(portmapper).await.expect("there");
        let [port] = words(&mut map, &call(100_000, 2, 3, &xdr(&[CORE, 1, 6, 0], None))).await;
        let at = |port: u32| SocketAddr::new(portmapper.ip(), port as u16);
        let mut core = TcpStream::connect(at(port)).await.expect("there");
        let create = call(CORE, 1, 10, &xdr(&[1, 0, 0], Some(INSTRUMENT.as_bytes())));
        let [error, link, abort_port] = words(&mut core, &create).await;
        assert_eq!((error, link), (0, 1));
        let abort = TcpStream::connect(at(abort_port)).await.expect("there");
        for reply in exchange(vec![core, abort, map], data).await {
            let mut rest = &reply[..];
            while !rest.is_empty() {
                let word = |at: usize| {
                    let four = rest[at..at + 4].try_into().expect("a whole word");
                    u32::from_be_bytes(four)
                };
                assert_eq!(word(0) >> 31, 1, "one fragment");
                assert_eq!(word(8), 1, "a reply");
                rest = &rest[4 + (word(0) & 0x7fff_ffff) as usize..];
            }
        }
    });
}

/// Messages of a HiSLIP client.
pub(crate) fn messages() -> Vec<Vec<u8>> {
    let asked = |id: u32, text: &[u8]| piece(0, &message(7, 0, id, text));
    let aside =
        |kind: u8, control: u8, parameter: u32| piece(1, &message(kind, control, parameter, b""));
    let first = 0xffff_ff00;
    let size = piece(1, &message(15, 0, 0, &64u64.to_be_bytes()));
    vec![
        asked(first, b"*IDN?\n"),
        [
            piece(0, &message(6, 0, first, b"VOLT:AC 1")),
            asked(first + 2, b"11;:VOLT:AC?"),
            aside(21, 0, first + 2),
        ]
        .concat(),
        [size, asked(first, b"*IDN?;*OPC?\n*STB?")].concat(),
        // a device clear amid messages
        [
            asked(first, b"VOLT:AC?"),
            aside(19, 0, 0),
            asked(first + 2, b"FREQ?"),
            piece(0, &message(8, 0, 0, b"")),
            asked(first, b"*OPC?"),
        ]
        .concat(),
        // locks and what tells of them
        [
            aside(4, 1, 0),
            aside(24, 0, 0),
            piece(1, &message(4, 1, 0, b"word")),
            aside(4, 0, first),
            aside(10, 1, first),
        ]
        .concat(),
        [
            piece(0, &message(12, 0, first, b"")),
            piece(0, &message(99, 0, first + 2, b"?")),
            piece(1, &message(2, 1, 0, b"bye")),
        ]
        .concat(),
        [
            piece(2, &message(17, 0, 1, b"")),
            piece(2, &message(0, 0, 0x0100_7878, b"hislip0")),
            piece(2, b"HS"),
        ]
        .concat(),
    ]
}

/// Calls of a VXI-11 client.
pub(crate) fn calls() -> Vec<Vec<u8>> {
    let core = |procedure: u32, arguments: &[u8]| piece(0, &call(CORE, 1, procedure, arguments));
    let write = |text: &[u8]| core(11, &xdr(&[1, 20, 0, 8], Some(text)));
    let read = core(12, &xdr(&[1, 100, 20, 0, 0, 0], None));
    let until = core(12, &xdr(&[1, 100, 20, 0, 128, 10], None));
    let generic = xdr(&[1, 0, 20, 20], None);
    vec![
        [write(b"*IDN?"), read.clone(), read.clone()].concat(),
        [write(b"VOLT:AC 1"), write(b"1;:VOLT:AC?\nFREQ?\n"), until].concat(),
        [13, 14, 15, 16, 17]
            .map(|each| core(each, &generic))
            .concat(),
        [
            core(18, &xdr(&[1, 0, 0], None)),
            core(19, &xdr(&[1], None)),
            core(19, &xdr(&[1], None)),
            core(22, &xdr(&[1, 0, 20, 20, 0, 0, 1], Some(b""))),
            core(25, &xdr(&[0, 0, 0, 0, 0], None)),
            core(20, &xdr(&[1, 1], Some(b"handle"))),
        ]
        .concat(),
        [
            core(10, &xdr(&[1, 1, 0], Some(b"inst1"))),
            core(23, &xdr(&[2], None)),
            read,
        ]
        .concat(),
        [
            piece(1, &call(ABORT, 1, 1, &xdr(&[1], None))),
            core(99, b""),
            core(0, b""),
        ]
        .concat(),
        [
            piece(2, &call(100_000, 2, 3, &xdr(&[ABORT, 1, 6, 0], None))),
            piece(2, &call(100_000, 2, 4, b"")),
            piece(2, &call(100_000, 3, 0, b"")),
        ]
        .concat(),
    ]
}
