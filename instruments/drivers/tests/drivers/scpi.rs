//! Message exchange: split replies, blocks, time-outs, refusals, garbage, closed links.

use std::time::Duration;

use gridproof_instruments::error::InstrumentError;
use gridproof_instruments::transport::{Link, Scpi, ScpiSettings};

use crate::clock::TestClock;
use crate::peer::Script;

const SHORT: Duration = Duration::from_millis(40);

fn scpi(link: Link) -> Scpi {
    Scpi::new(
        "grid".into(),
        link,
        ScpiSettings {
            timeout: SHORT,
            max_reply: 64,
            ..ScpiSettings::default()
        },
    )
}

#[tokio::test]
async fn all_line_ends_are_understood() {
    let (link, peer) = Script::new()
        .expect("A?\n")
        .reply("one\r\n")
        .expect("B?\n")
        .reply("two\r")
        .expect("C?\n")
        .reply("three\n")
        .play();
    let mut scpi = scpi(link);
    for (query, answer) in [("A?", "one"), ("B?", "two"), ("C?", "three")] {
        assert_eq!(scpi.query(query).await.as_deref(), Ok(answer));
    }
    drop(scpi);
    peer.done().await;
}

#[tokio::test]
async fn split_replies_are_joined() {
    let (mut ours, theirs) = tokio::io::duplex(64);
    let mut scpi = scpi(Box::new(theirs));
    let instrument = async {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let mut request = [0; 6];
        ours.read_exact(&mut request).await.expect("the query");
        for part in ["2", "3", "0.", "1\r"] {
            ours.write_all(part.as_bytes()).await.expect("connected");
            tokio::task::yield_now().await;
        }
        ours.write_all(b"\n").await.expect("connected");
    };
    let (volts, ()) = tokio::join!(scpi.query_number("VOLT?"), instrument);
    assert_eq!(volts, Ok(230.1));
}

#[tokio::test]
async fn blocks_contain_line_ends() {
    let block = b"\n\r#1\n\0";
    let (link, peer) = Script::new()
        .expect("W?\n")
        .reply("#16")
        .reply(block)
        .reply("\n")
        .expect("X?\n")
        .reply("7\n")
        .play();
    let mut scpi = scpi(link);
    assert_eq!(scpi.query_block("W?", 6).await.as_deref(), Ok(&block[..]));
    assert_eq!(scpi.query_number("X?").await, Ok(7.0));
    drop(scpi);
    peer.done().await;
}

#[tokio::test]
async fn block_larger_than_expected_is_nonsense() {
    let (link, _peer) = Script::new()
        .expect("W?\n")
        .reply("#210 0123456789\n")
        .play();
    let error = scpi(link)
        .query_block("W?", 6)
        .await
        .expect_err("too large");
    assert!(matches!(error, InstrumentError::Nonsense { .. }), "{error}");
}

#[tokio::test]
async fn refusal_carries_every_entry_of_the_queue() {
    let (link, peer) = Script::new()
        .hear("VOLT 999")
        .ask("SYSTem:ERRor?", "-222,\"Data out of range\"")
        .ask("SYSTem:ERRor?", "-221,\"Settings conflict\"")
        .no_errors()
        .play();
    let mut scpi = scpi(link);
    let error = scpi.command("VOLT 999").await.expect_err("refused");
    let text =
        "grid refused `VOLT 999`: -222,\\\"Data out of range\\\"; -221,\\\"Settings conflict\\\"";
    assert_eq!(error.to_string(), text);
    drop(scpi);
    peer.done().await;
}

#[tokio::test]
async fn late_reply_is_not_taken_for_the_next_one() {
    let (mut ours, theirs) = tokio::io::duplex(64);
    let mut scpi = scpi(Box::new(theirs));
    let error = scpi.query("A?").await.expect_err("no reply");
    assert!(
        error.to_string().contains("no reply within 40ms"),
        "{error}"
    );
    let instrument = async {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        ours.write_all(b"stale\n").await.expect("connected");
        let mut requests = [0; 6];
        ours.read_exact(&mut requests).await.expect("both queries");
        assert_eq!(&requests, b"A?\nB?\n");
        ours.write_all(b"fresh\n").await.expect("connected");
    };
    let (answer, ()) = tokio::join!(scpi.query("B?"), instrument);
    assert_eq!(answer.as_deref(), Ok("fresh"));
}

#[tokio::test]
async fn abandoned_query_leaves_no_reply_behind() {
    let (mut ours, theirs) = tokio::io::duplex(64);
    let mut scpi = scpi(Box::new(theirs));
    let gave_up = tokio::time::timeout(Duration::from_millis(5), scpi.query("A?")).await;
    assert!(gave_up.is_err());
    use tokio::io::AsyncWriteExt;
    ours.write_all(b"stale\n").await.expect("connected");
    let (answer, ()) = tokio::join!(scpi.query("B?"), async {
        tokio::time::sleep(Duration::from_millis(30)).await;
        ours.write_all(b"fresh\n").await.expect("connected");
    });
    assert_eq!(answer.as_deref(), Ok("fresh"));
}

#[tokio::test]
async fn garbage_time_out_and_closed_link_are_told_apart() {
    let (link, _peer) = Script::new().ask("OUTP?", "hello").play();
    let error = scpi(link).query_state("OUTP?").await.expect_err("garbage");
    assert!(matches!(error, InstrumentError::Nonsense { .. }), "{error}");

    let (link, _peer) = Script::new().hear("OUTP?").reply("unfinished").play();
    let error = scpi(link)
        .query_state("OUTP?")
        .await
        .expect_err("no line end");
    assert!(
        error
            .to_string()
            .contains("reply not finished within 40ms: `unfinished`"),
        "{error}"
    );

    let (link, _peer) = Script::new().hear("OUTP?").close().play();
    let error = scpi(link).query_state("OUTP?").await.expect_err("closed");
    assert!(error.to_string().contains("connection closed"), "{error}");

    let (link, _peer) = Script::new().hear("OUTP?").reply([b'x'; 100]).play();
    let error = scpi(link).query_state("OUTP?").await.expect_err("endless");
    assert!(
        error.to_string().contains("longer than 64 bytes"),
        "{error}"
    );

    let (link, _peer) = Script::new().hear("OUTP?").reply(b"\xff\xfe\n").play();
    let error = scpi(link).query_state("OUTP?").await.expect_err("binary");
    assert!(matches!(error, InstrumentError::Nonsense { .. }), "{error}");
}

#[tokio::test]
async fn pace_is_kept_on_the_bench_clock() {
    let clock = TestClock::new();
    let gap = Duration::from_millis(20);
    let (link, peer) = Script::new().accept("VOLT 1").ask("VOLT?", "1").play();
    let mut scpi = scpi(link).paced(clock.clone(), gap);
    scpi.command("VOLT 1").await.expect("accepted");
    scpi.query("VOLT?").await.expect("answered");
    assert_eq!(clock.total(), 2 * gap);
    drop(scpi);
    peer.done().await;
}
