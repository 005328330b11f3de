//! Deterministic mutations of a corpus.

/// A small generator of pseudo-random numbers (xorshift64*).
pub struct Random(u64);

impl Random {
    /// A generator for `seed`.
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// The next number.
    pub fn number(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// A number below `end`; 0 when `end` is 0.
    pub fn below(&mut self, end: usize) -> usize {
        if end == 0 {
            0
        } else {
            (self.number() % end as u64) as usize
        }
    }
}

/// Words that formats react to.
const WORDS: [&[u8]; 56] = [
    b"0",
    b"-1",
    b"1",
    b"99999",
    b"4294967295",
    b"18446744073709551615",
    b"1e308",
    b"-1e-308",
    b"NaN",
    b"inf",
    b",",
    b";",
    b"\t",
    b" ",
    b"\r",
    b"\n",
    b"\r\n",
    b"\x1a",
    b"\"",
    b"A",
    b"D",
    b"ASCII",
    b"BINARY",
    b"BINARY32",
    b"FLOAT32",
    b"1991",
    b"1999",
    b"2013",
    b"--- file type: CFG ---\n",
    b"--- file type: DAT BINARY: 40 ---\n",
    b"[V]",
    b"(ms)",
    b"time",
    b"\xef\xbb\xbf",
    b"\x00\x80",
    b"\x00\x00\x00\x80",
    b"\xff\xff\xff\xff",
    b"PAR1",
    b"$Group1",
    b"IS2",
    b"?",
    b":",
    b"*",
    b"#",
    b"#18",
    b"(@1)",
    b"MAX",
    b"ON",
    b"DEF",
    b"\x01\x03",
    b"\x01\x10",
    b"\x00\x00\x00\x06",
    b"{",
    b"[",
    b"null",
    b"HTTP/1.1\r\n",
];

/// Edge values of bytes.
const BYTES: [u8; 8] = [0, 1, 0x7f, 0x80, 0xff, b'-', b'.', b'9'];

/// One to eight changes of a corpus member, at most `largest` bytes long.
pub fn mutate(random: &mut Random, corpus: &[Vec<u8>], largest: usize) -> Vec<u8> {
    let mut data = corpus[random.below(corpus.len())].clone();
    for _ in 0..=random.below(8) {
        let length = data.len();
        let at = random.below(length + 1);
        match random.below(11) {
            0 if length > 0 => data[at % length] ^= 1 << random.below(8),
            1 if length > 0 => data[at % length] = BYTES[random.below(BYTES.len())],
            2 if length > 0 => data[at % length] = random.number() as u8,
            3 => data.truncate(at),
            4 => {
                let end = (at + random.below(16)).min(length);
                data.drain(at..end);
            }
            5 | 6 => {
                let word = WORDS[random.below(WORDS.len())];
                data.splice(at..at, word.iter().copied());
            }
            7 => {
                let word = WORDS[random.below(WORDS.len())];
                let end = (at + word.len()).min(length);
                data.splice(at..end, word.iter().copied());
            }
            8 => {
                let end = (at + random.below(64)).min(length);
                let piece = data[at..end].to_vec();
                let to = random.below(data.len() + 1);
                data.splice(to..to, piece);
            }
            9 => {
                let other = &corpus[random.below(corpus.len())];
                let from = random.below(other.len() + 1);
                let end = (from + random.below(128)).min(other.len());
                data.splice(at..at, other[from..end].iter().copied());
            }
            _ => {
                // A digit run becomes another number.
                if let Some(start) = data[at..].iter().position(u8::is_ascii_digit) {
                    let start = at + start;
                    let run = data[start..]
                        .iter()
                        .take_while(|b| b.is_ascii_digit())
                        .count();
                    let number = (random.number() >> random.below(64)).to_string();
                    data.splice(start..start + run, number.into_bytes());
                }
            }
        }
    }
    data.truncate(largest);
    data
}
