//! Messages of HiSLIP: 16 bytes of header in network order, then the payload (IVI-6.1, 2.5).

/// Bytes of a header.
pub(crate) const HEADER: usize = 16;
/// Longest payload that is taken, bytes: a message of one mebibyte.
pub(crate) const LONGEST: u64 = (1 << 20) - HEADER as u64;

/// What a message is; the numbers are the standard's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Initialize = 0,
    InitializeResponse = 1,
    FatalError = 2,
    Error = 3,
    AsyncLock = 4,
    AsyncLockResponse = 5,
    Data = 6,
    DataEnd = 7,
    DeviceClearComplete = 8,
    DeviceClearAcknowledge = 9,
    AsyncRemoteLocalControl = 10,
    AsyncRemoteLocalResponse = 11,
    Trigger = 12,
    AsyncMaximumMessageSize = 15,
    AsyncMaximumMessageSizeResponse = 16,
    AsyncInitialize = 17,
    AsyncInitializeResponse = 18,
    AsyncDeviceClear = 19,
    AsyncServiceRequest = 20,
    AsyncStatusQuery = 21,
    AsyncStatusResponse = 22,
    AsyncDeviceClearAcknowledge = 23,
    AsyncLockInfo = 24,
    AsyncLockInfoResponse = 25,
}

/// Those that a client may send.
const FROM_CLIENT: [Kind; 14] = [
    Kind::Initialize,
    Kind::FatalError,
    Kind::Error,
    Kind::AsyncLock,
    Kind::Data,
    Kind::DataEnd,
    Kind::DeviceClearComplete,
    Kind::AsyncRemoteLocalControl,
    Kind::Trigger,
    Kind::AsyncMaximumMessageSize,
    Kind::AsyncInitialize,
    Kind::AsyncDeviceClear,
    Kind::AsyncStatusQuery,
    Kind::AsyncLockInfo,
];

/// One message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Frame {
    /// `None`: a type that clients do not send.
    pub(crate) kind: Option<Kind>,
    /// Control code.
    pub(crate) control: u8,
    /// Message parameter.
    pub(crate) parameter: u32,
    /// Payload; empty where the message was too large.
    pub(crate) payload: Vec<u8>,
    /// The payload was longer than [`LONGEST`] and is lost.
    pub(crate) too_large: bool,
}

/// The stream makes no sense any more: no `HS` where a message begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BadHeader;

/// A message to a client.
pub(crate) fn encode(kind: Kind, control: u8, parameter: u32, payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(HEADER + payload.len());
    out.extend_from_slice(b"HS");
    out.push(kind as u8);
    out.push(control);
    out.extend_from_slice(&parameter.to_be_bytes());
    out.extend_from_slice(&(payload.len() as u64).to_be_bytes());
    out.extend_from_slice(payload);
    out
}

/// Cuts a stream into messages.
#[derive(Debug, Default)]
pub(crate) struct Decoder {
    /// Bytes that have come.
    pub(crate) input: Vec<u8>,
    /// Bytes of a payload that is too large and still to come.
    skip: u64,
}

impl Decoder {
    /// The next message, once it is there.
    pub(crate) fn next(&mut self) -> Result<Option<Frame>, BadHeader> {
        let skipped = self.skip.min(self.input.len() as u64);
        self.input.drain(..skipped as usize);
        self.skip -= skipped;
        let prologue = self.input.len().min(2);
        if self.input[..prologue] != b"HS"[..prologue] {
            return Err(BadHeader);
        }
        let Some(header) = self.input.first_chunk::<HEADER>() else {
            return Ok(None);
        };
        let [_, _, kind, control, p3, p2, p1, p0, length @ ..] = *header;
        let length = u64::from_be_bytes(length);
        let too_large = length > LONGEST;
        let taken = if too_large { 0 } else { length as usize };
        let Some(payload) = self.input.get(HEADER..HEADER + taken) else {
            return Ok(None);
        };
        let frame = Frame {
            kind: FROM_CLIENT.into_iter().find(|one| *one as u8 == kind),
            control,
            parameter: u32::from_be_bytes([p3, p2, p1, p0]),
            payload: payload.to_vec(),
            too_large,
        };
        self.input.drain(..HEADER + taken);
        if too_large {
            self.skip = length;
        }
        Ok(Some(frame))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn all(decoder: &mut Decoder) -> Result<Vec<Frame>, BadHeader> {
        let mut frames = Vec::new();
        while let Some(frame) = decoder.next()? {
            frames.push(frame);
        }
        Ok(frames)
    }

    #[test]
    fn the_header_is_laid_out_as_the_standard_prints_it() {
        let bytes = encode(Kind::DataEnd, 1, 0xffff_ff02, b"*IDN?");
        assert_eq!(bytes, b"HS\x07\x01\xff\xff\xff\x02\0\0\0\0\0\0\0\x05*IDN?");
    }

    #[test]
    fn a_payload_that_is_too_large_is_skipped() {
        let mut decoder = Decoder::default();
        let mut bytes = encode(Kind::Data, 0, 2, b"");
        bytes[8..16].copy_from_slice(&(LONGEST + 1).to_be_bytes());
        decoder.input = bytes;
        let first = decoder.next().expect("a header").expect("a message");
        assert!(first.too_large && first.payload.is_empty());
        decoder.input.extend(vec![b'x'; LONGEST as usize + 1]);
        decoder.input.extend(encode(Kind::Trigger, 0, 4, b""));
        let rest = all(&mut decoder).expect("good");
        assert_eq!((rest.len(), rest[0].kind), (1, Some(Kind::Trigger)));
    }

    proptest! {
        #[test]
        fn messages_come_out_as_they_went_in_however_the_stream_is_cut(
            messages in prop::collection::vec(
                (prop::sample::select(FROM_CLIENT.to_vec()), any::<u8>(), any::<u32>(),
                 prop::collection::vec(any::<u8>(), 0..40)),
                0..8,
            ),
            cuts in prop::collection::vec(1usize..50, 1..40),
        ) {
            let bytes: Vec<u8> = messages
                .iter()
                .flat_map(|(kind, control, parameter, payload)| {
                    encode(*kind, *control, *parameter, payload)
                })
                .collect();
            let (mut decoder, mut frames) = (Decoder::default(), Vec::new());
            let (mut rest, mut cuts) = (&bytes[..], cuts.iter().cycle());
            while !rest.is_empty() {
                let cut = (*cuts.next().expect("endless")).min(rest.len());
                decoder.input.extend_from_slice(&rest[..cut]);
                rest = &rest[cut..];
                frames.extend(all(&mut decoder).expect("good"));
            }
            let expected: Vec<Frame> = messages
                .into_iter()
                .map(|(kind, control, parameter, payload)| Frame {
                    kind: Some(kind), control, parameter, payload, too_large: false,
                })
                .collect();
            prop_assert_eq!(frames, expected);
        }

        #[test]
        fn arbitrary_bytes_end_in_messages_or_a_bad_header(
            bytes in prop::collection::vec(any::<u8>(), 0..200),
            honest in any::<bool>(),
        ) {
            let mut decoder = Decoder::default();
            if honest {
                decoder.input.extend_from_slice(b"HS");
            }
            decoder.input.extend_from_slice(&bytes);
            let before = decoder.input.len();
            let _frames_or_not = all(&mut decoder);
            prop_assert!(decoder.input.len() <= before);
        }
    }
}
