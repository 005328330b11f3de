//! ONC RPC version 2 over TCP and UDP: record marks, calls and replies in XDR (RFC 5531, RFC 4506).

/// Longest record that is taken, bytes.
pub(crate) const LONGEST: usize = 1 << 20;

/// Reads XDR.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reader<'a>(pub(crate) &'a [u8]);

impl<'a> Reader<'a> {
    /// An unsigned integer, or a signed one as its bits.
    pub(crate) fn word(&mut self) -> Option<u32> {
        let (word, rest) = self.0.split_first_chunk::<4>()?;
        self.0 = rest;
        Some(u32::from_be_bytes(*word))
    }

    /// Bytes with their length before and padding behind them.
    pub(crate) fn opaque(&mut self) -> Option<&'a [u8]> {
        let length = self.word()? as usize;
        let data = self.0.get(..length)?;
        self.0 = self.0.get(length.next_multiple_of(4)..)?;
        Some(data)
    }
}

/// Appends bytes with their length and padding.
pub(crate) fn put_opaque(out: &mut Vec<u8>, data: &[u8]) {
    put(out, &[data.len() as u32]);
    out.extend_from_slice(data);
    out.resize(out.len().next_multiple_of(4), 0);
}

/// Appends words.
pub(crate) fn put(out: &mut Vec<u8>, words: &[u32]) {
    for word in words {
        out.extend_from_slice(&word.to_be_bytes());
    }
}

/// A call.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Call<'a> {
    /// Program, its version, procedure.
    pub(crate) program: u32,
    pub(crate) version: u32,
    pub(crate) procedure: u32,
    /// Its arguments.
    pub(crate) arguments: Reader<'a>,
}

/// Why a call is not carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// No such program here.
    Program,
    /// Not in this version; there is only the one.
    Version(u32),
    /// No such procedure.
    Procedure,
    /// The arguments cannot be decoded.
    Arguments,
}

/// Parses a record. `None`: it is no call and gets no reply. A call of another version of RPC is
/// the reply that refuses it.
pub(crate) fn call(record: &[u8]) -> Option<(u32, Result<Call<'_>, Vec<u8>>)> {
    let mut reader = Reader(record);
    let id = reader.word()?;
    if reader.word()? != 0 {
        return None;
    }
    if reader.word()? != 2 {
        let mut denied = Vec::new();
        // reply, denied, RPC mismatch, lowest and highest version
        put(&mut denied, &[id, 1, 1, 0, 2, 2]);
        return Some((id, Err(denied)));
    }
    let (program, version, procedure) = (reader.word()?, reader.word()?, reader.word()?);
    // credentials and verifier: flavour and body
    for _ in 0..2 {
        reader.word()?;
        reader.opaque()?;
    }
    let call = Call {
        program,
        version,
        procedure,
        arguments: reader,
    };
    Some((id, Ok(call)))
}

/// The reply to a call.
pub(crate) fn reply(id: u32, outcome: Result<Vec<u8>, Refusal>) -> Vec<u8> {
    let mut out = Vec::new();
    // reply, accepted, empty verifier
    put(&mut out, &[id, 1, 0, 0, 0]);
    match outcome {
        Ok(results) => {
            put(&mut out, &[0]);
            out.extend(results);
        }
        Err(Refusal::Program) => put(&mut out, &[1]),
        Err(Refusal::Version(only)) => put(&mut out, &[2, only, only]),
        Err(Refusal::Procedure) => put(&mut out, &[3]),
        Err(Refusal::Arguments) => put(&mut out, &[4]),
    }
    out
}

/// A record as one fragment.
pub(crate) fn record(data: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(4 + data.len());
    put(&mut out, &[data.len() as u32 | 1 << 31]);
    out.extend_from_slice(data);
    out
}

/// Puts records together from the fragments of a stream.
#[derive(Debug, Default)]
pub(crate) struct Records {
    /// Bytes that have come.
    pub(crate) input: Vec<u8>,
    begun: Vec<u8>,
}

/// A record that is longer than [`LONGEST`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TooLong;

impl Records {
    /// The next record, once it is there.
    pub(crate) fn next(&mut self) -> Result<Option<Vec<u8>>, TooLong> {
        while let Some(mark) = self.input.first_chunk::<4>() {
            let mark = u32::from_be_bytes(*mark);
            let length = (mark & !(1 << 31)) as usize;
            if self.begun.len() + length > LONGEST {
                return Err(TooLong);
            }
            let Some(fragment) = self.input.get(4..4 + length) else {
                return Ok(None);
            };
            self.begun.extend_from_slice(fragment);
            self.input.drain(..4 + length);
            if mark >> 31 == 1 {
                return Ok(Some(std::mem::take(&mut self.begun)));
            }
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_call_as_the_standard_prints_it() {
        let mut bytes = Vec::new();
        put(
            &mut bytes,
            &[7, 0, 2, 100_000, 2, 3, 0, 0, 0, 0, 395_183, 1, 6, 0],
        );
        let (id, call) = call(&bytes).expect("a call");
        let mut call = call.expect("of version 2");
        assert_eq!(
            (id, call.program, call.version, call.procedure),
            (7, 100_000, 2, 3)
        );
        assert_eq!(call.arguments.word(), Some(395_183));
        assert_eq!(reply(7, Err(Refusal::Procedure))[20..], [0, 0, 0, 3]);
    }

    proptest! {
        #[test]
        fn records_come_out_as_they_went_in(
            records in prop::collection::vec(
                prop::collection::vec(prop::collection::vec(any::<u8>(), 0..20), 1..4), 0..5),
            cut in 1usize..30,
        ) {
            let mut stream = Vec::new();
            for fragments in &records {
                for (index, fragment) in fragments.iter().enumerate() {
                    let last = u32::from(index + 1 == fragments.len()) << 31;
                    put(&mut stream, &[fragment.len() as u32 | last]);
                    stream.extend_from_slice(fragment);
                }
            }
            let (mut reader, mut found) = (Records::default(), Vec::new());
            for piece in stream.chunks(cut) {
                reader.input.extend_from_slice(piece);
                while let Some(record) = reader.next().expect("short") {
                    found.push(record);
                }
            }
            let expected: Vec<Vec<u8>> = records.iter().map(|parts| parts.concat()).collect();
            prop_assert_eq!(found, expected);
        }

        #[test]
        fn opaque_data_round_trips_and_arbitrary_bytes_are_survived(
            data in prop::collection::vec(any::<u8>(), 0..40),
        ) {
            let mut out = Vec::new();
            put_opaque(&mut out, &data);
            prop_assert_eq!(out.len() % 4, 0);
            prop_assert_eq!(Reader(&out).opaque(), Some(&data[..]));
            let _call_or_not = call(&data);
            let mut records = Records { input: data, ..Records::default() };
            while let Ok(Some(_)) = records.next() {}
        }
    }
}
