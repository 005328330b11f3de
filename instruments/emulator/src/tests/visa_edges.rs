//! What clients of HiSLIP and VXI-11 meet beside plain questions: numbers, locks, aborts, ends.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Duration, sleep};

use super::visa::{
    CORE, Client, END, Vxi, behind_hislip, behind_vxi11, call, in_still_time, linked, message,
    next, on_the_bench, results, words, xdr,
};

/// Long enough for the server to have seen what was sent.
const A_MOMENT: Duration = Duration::from_millis(10);

async fn ended(stream: &mut TcpStream) -> bool {
    matches!(stream.read(&mut [0; 64]).await, Ok(0) | Err(_))
}

#[test]
fn a_reply_is_unread_until_the_client_says_otherwise() {
    on_the_bench(|bench| async move {
        let mut client = Client::new(behind_hislip(&bench, "grid").await, b"GP").await;
        client.ask("*IDN?").await;
        assert_eq!(client.status().await, 0x10);
        // the message says that it has been read
        let id = client.id;
        client.id = id.wrapping_add(2);
        let told = message(7, 1, id, b"VOLT:AC 1");
        client.sync.write_all(&told).await.expect("sent");
        assert_eq!(client.status().await, 0);
    });
}

#[test]
fn a_status_query_waits_for_the_message_before_it() {
    on_the_bench(|bench| async move {
        let mut client = Client::new(behind_hislip(&bench, "grid").await, b"GP").await;
        for clear in [false, true] {
            if clear {
                for _ in 0..3 {
                    client.send(7, b"VOLT:AC 1").await;
                }
                assert_eq!(client.aside(19, 0, 0, b"").await.0, 23);
                let complete = message(8, 0, 0, b"");
                client.sync.write_all(&complete).await.expect("sent");
                assert_eq!(next(&mut client.sync).await.0, 9);
                client.id = 0xffff_ff00;
            }
            // of the message that comes behind it on the other channel
            let query = message(21, 0, client.id.wrapping_add(2), b"");
            client.other.write_all(&query).await.expect("sent");
            sleep(A_MOMENT).await;
            let id = client.send(7, b"*IDN?").await;
            let (kind, status, _, _) = next(&mut client.other).await;
            assert_eq!((kind, status), (22, 0x10), "after a clear: {clear}");
            assert_eq!(next(&mut client.sync).await.2, id);
        }
    });
}

#[test]
fn a_message_that_is_too_large_is_told_and_skipped() {
    on_the_bench(|bench| async move {
        let mut client = Client::new(behind_hislip(&bench, "grid").await, b"GP").await;
        client.send(7, &vec![b' '; (1 << 20) - 15]).await;
        let (kind, code, _, _) = next(&mut client.sync).await;
        assert_eq!((kind, code), (3, 4));
        assert!(client.ask("*IDN?").await.starts_with("Chroma"));
    });
}

#[test]
fn service_is_requested_once_per_cause_and_not_of_clients_that_mistake_it() {
    on_the_bench(|bench| async move {
        let address = behind_hislip(&bench, "grid").await;
        let mut client = Client::new(address, b"GP").await;
        let mut other = Client::new(address, b"xx").await;
        for _ in 0..2 {
            client.send(7, b"*CLS;*ESE 1;*SRE 32").await;
            assert_eq!(client.status().await, 0);
            client.send(7, b"*OPC").await;
            assert_eq!(next(&mut client.other).await.0, 20);
            for volts in 1..4 {
                let line = format!("VOLT:AC {volts}");
                client.send(7, line.as_bytes()).await;
                sleep(A_MOMENT).await;
                assert_eq!(
                    client.aside(21, 0, client.id.wrapping_sub(2), b"").await.0,
                    22
                );
                assert_eq!(other.aside(21, 0, 0xffff_fefe, b"").await.0, 22);
            }
        }
    });
}

#[test]
fn a_later_version_is_told_the_one_that_is_spoken() {
    on_the_bench(|bench| async move {
        let address = behind_hislip(&bench, "grid").await;
        for (asked, spoken) in [(0x0200, 0x0100), (0x0100, 0x0100)] {
            let mut sync = TcpStream::connect(address).await.expect("there");
            let hello = message(0, 0, asked << 16 | 0x4750, b"hislip0");
            sync.write_all(&hello).await.expect("sent");
            assert_eq!(next(&mut sync).await.2 >> 16, spoken);
            // nothing may be said before the other channel is there
            let early = message(7, 0, 0xffff_ff00, b"*IDN?");
            sync.write_all(&early).await.expect("sent");
            let (kind, code, _, _) = next(&mut sync).await;
            assert_eq!((kind, code), (2, 2));
            assert!(ended(&mut sync).await);
        }
    });
}

#[test]
fn both_channels_end_together() {
    on_the_bench(|bench| async move {
        let address = behind_hislip(&bench, "grid").await;
        let Client {
            mut sync, other, ..
        } = Client::new(address, b"GP").await;
        drop(other);
        assert!(ended(&mut sync).await, "the asynchronous one is gone");
        drop(sync);
        let Client {
            mut sync,
            mut other,
            ..
        } = Client::new(address, b"GP").await;
        // the session is 1 again; it has its asynchronous channel
        let mut second = TcpStream::connect(address).await.expect("there");
        second
            .write_all(&message(17, 0, 1, b""))
            .await
            .expect("sent");
        let (kind, code, _, _) = next(&mut second).await;
        assert_eq!((kind, code), (2, 3));
        sync.write_all(&message(2, 1, 0, b"lost"))
            .await
            .expect("sent");
        assert!(ended(&mut sync).await && ended(&mut other).await);
    });
}

#[test]
fn a_shared_lock_is_for_those_who_know_the_word() {
    on_the_bench(|bench| async move {
        let address = behind_hislip(&bench, "grid").await;
        let mut first = Client::new(address, b"GP").await;
        let mut second = Client::new(address, b"GP").await;
        assert_eq!(first.aside(4, 1, 0, b"word").await.1, 1);
        assert_eq!(second.aside(4, 1, 0, b"other").await.1, 0);
        assert_eq!(second.aside(4, 1, 0, b"word").await.1, 1);
        assert_eq!(second.aside(24, 0, 0, b"").await, (25, 0, 2, Vec::new()));
        assert_eq!(first.ask("*OPC?").await, "1\n");
        assert_eq!(second.ask("*OPC?").await, "1\n");
        let last = second.id.wrapping_sub(2);
        assert_eq!(
            second.aside(4, 0, last, b"").await.1,
            2,
            "it was a shared one"
        );
        assert_eq!(second.aside(4, 0, last, b"").await.1, 3, "it has none");
    });
}

#[test]
fn a_trigger_is_one_of_the_instrument() {
    on_the_bench(|bench| async move {
        let mut client = Client::new(behind_hislip(&bench, "battery").await, b"GP").await;
        assert!(client.ask("SYST:REM;:SYST:ERR?").await.starts_with("0,"));
        client.send(12, b"").await;
        let error = client.ask("SYST:ERR?").await;
        assert!(error.starts_with("-211,"), "nothing waits for it: {error}");
    });
}

/// A link, and the port on which what it waits for can be aborted.
async fn linked_with(core: std::net::SocketAddr, device: &str, lock: u32) -> (u32, Vxi, u16) {
    let mut stream = TcpStream::connect(core).await.expect("there");
    let arguments = xdr(&[1, lock, 0], Some(device.as_bytes()));
    let reply = words(&results(&mut stream, &call(CORE, 1, 10, &arguments)).await);
    let link = Vxi {
        core: stream,
        link: reply[1],
    };
    (reply[0], link, reply[2] as u16)
}

#[test]
fn a_read_that_waits_can_be_aborted() {
    in_still_time(|bench| async move {
        let (core, _) = behind_vxi11(&bench).await;
        let (_, mut analyser, port) = linked_with(core, "analyser", 0).await;
        // the end of an update that never comes
        analyser
            .write(":COMM:HEAD OFF;:STAT:FILT1 FALL;:STAT:EESR?", END)
            .await;
        analyser.read(100, 0, 0).await;
        analyser.write(":COMM:WAIT 1;*OPC?", END).await;
        let link = analyser.link;
        let wait = xdr(&[link, 100, 600_000, 0, 0, 0], None);
        let abort = async {
            sleep(5 * A_MOMENT).await;
            let mut stream = TcpStream::connect((core.ip(), port)).await.expect("there");
            let mut abort = async |link| {
                let asked = call(0x0006_07b0, 1, 1, &xdr(&[link], None));
                words(&results(&mut stream, &asked).await)
            };
            assert_eq!(abort(link + 1).await, [4], "no such link");
            assert_eq!(abort(link).await, [0]);
        };
        let (reply, ()) = tokio::join!(analyser.call(12, &wait), abort);
        assert_eq!(words(&reply), [23, 0, 0]);
    });
}

#[test]
fn a_link_may_come_with_a_lock_and_end_with_it() {
    on_the_bench(|bench| async move {
        let (core, _) = behind_vxi11(&bench).await;
        let (error, mut first, _) = linked_with(core, "grid", 1).await;
        assert_eq!(error, 0);
        assert_eq!(linked_with(core, "grid", 1).await.0, 11);
        let mut second = linked(core, "grid").await;
        assert_eq!(second.write("VOLT:AC 1", END).await, [11, 0]);
        // waiting in vain is still being locked out
        let patient = xdr(&[second.link, 1000, 20, END | 1], Some(b"VOLT:AC 1"));
        assert_eq!(words(&second.call(11, &patient).await), [11, 0]);
        // a lock that is waited for comes with the end of the link that has it
        let lock = xdr(&[second.link, 1, 2000], None);
        let destroy = xdr(&[first.link], None);
        let end = async {
            sleep(2 * A_MOMENT).await;
            words(&first.call(23, &destroy).await)
        };
        let (locked, gone) = tokio::join!(second.call(18, &lock), end);
        assert_eq!((words(&locked), gone), (vec![0], vec![0]));
        assert_eq!(second.write("VOLT:AC 1", END).await, [0, 9]);
    });
}

#[test]
fn procedures_without_a_bus_and_the_list_of_the_portmapper() {
    on_the_bench(|bench| async move {
        let (core, portmapper) = behind_vxi11(&bench).await;
        let mut grid = linked(core, "grid").await;
        // a trigger is no clear: the error stays
        grid.write("NONSENSE", END).await;
        let generic = xdr(&[grid.link, 0, 0, 0], None);
        assert_eq!(words(&grid.call(14, &generic).await), [0]);
        grid.write("SYST:ERR?", END).await;
        assert!(grid.read(100, 0, 0).await.2.starts_with("-113,"));
        // a bus command, and interrupts
        let command = xdr(&[grid.link, 0, 0, 0, 0, 0, 1], Some(b""));
        assert_eq!(words(&grid.call(22, &command).await), [8, 0]);
        assert_eq!(words(&grid.call(25, &xdr(&[0; 5], None)).await), [8]);
        let mut tcp = TcpStream::connect(portmapper).await.expect("there");
        let list = words(&results(&mut tcp, &call(100_000, 2, 4, b"")).await);
        assert_eq!(list, [1, CORE, 1, 6, u32::from(core.port()), 0]);
    });
}
