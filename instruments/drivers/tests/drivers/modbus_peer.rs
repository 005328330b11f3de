//! Modbus exchanges as bytes, built independently of the client under test.

use crate::peer::Script;

/// Framing of the bytes.
#[derive(Clone, Copy)]
pub(crate) enum Frame {
    /// MBAP with transaction numbers from 0.
    Tcp,
    /// Address and CRC.
    Rtu,
}

/// A script of Modbus exchanges with unit 1.
pub(crate) struct Exchanges {
    script: Script,
    frame: Frame,
    transaction: u16,
}

impl Exchanges {
    pub(crate) fn new(frame: Frame) -> Exchanges {
        Exchanges {
            script: Script::new(),
            frame,
            transaction: 0,
        }
    }

    pub(crate) fn script(self) -> Script {
        self.script
    }

    fn wrap(&self, transaction: u16, pdu: &[u8]) -> Vec<u8> {
        match self.frame {
            Frame::Tcp => {
                let mut bytes = transaction.to_be_bytes().to_vec();
                bytes.extend([0, 0]);
                bytes.extend(u16::try_from(pdu.len() + 1).expect("short").to_be_bytes());
                bytes.push(1);
                bytes.extend(pdu);
                bytes
            }
            Frame::Rtu => {
                let mut bytes = vec![1];
                bytes.extend(pdu);
                bytes.extend(crc(&bytes).to_le_bytes());
                bytes
            }
        }
    }

    pub(crate) fn exchange(mut self, request: &[u8], answer: &[u8]) -> Exchanges {
        let (out, back) = (
            self.wrap(self.transaction, request),
            self.wrap(self.transaction, answer),
        );
        self.transaction += 1;
        self.script = self.script.expect(out).reply(back);
        self
    }

    /// The answer to the request before the last one arrives first.
    pub(crate) fn stale(mut self, request: &[u8], stale: &[u8], answer: &[u8]) -> Exchanges {
        let out = self.wrap(self.transaction, request);
        let old = self.wrap(self.transaction.wrapping_sub(1), stale);
        self.transaction += 1;
        self.script = self.script.expect(out).reply(old);
        self.exchange(request, answer)
    }

    pub(crate) fn silent(mut self, request: &[u8]) -> Exchanges {
        let out = self.wrap(self.transaction, request);
        self.transaction += 1;
        self.script = self.script.expect(out);
        self
    }

    pub(crate) fn read(self, address: u16, words: &[u16]) -> Exchanges {
        let count = u8::try_from(words.len()).expect("at most 125");
        let mut answer = vec![3, 2 * count];
        answer.extend(words.iter().flat_map(|word| word.to_be_bytes()));
        self.exchange(&pdu(3, address, u16::from(count)), &answer)
    }

    pub(crate) fn no_read(self, address: u16, count: u16, code: u8) -> Exchanges {
        self.exchange(&pdu(3, address, count), &[0x83, code])
    }

    /// FC06
    pub(crate) fn write_one(self, address: u16, word: u16) -> Exchanges {
        self.exchange(&pdu(6, address, word), &pdu(6, address, word))
    }

    /// FC16
    pub(crate) fn write(self, address: u16, words: &[u16]) -> Exchanges {
        let count = u8::try_from(words.len()).expect("few");
        let answer = pdu(16, address, u16::from(count));
        let mut request = answer.clone();
        request.push(2 * count);
        request.extend(words.iter().flat_map(|word| word.to_be_bytes()));
        self.exchange(&request, &answer)
    }
}

/// Function code with two words.
pub(crate) fn pdu(function: u8, first: u16, second: u16) -> Vec<u8> {
    let mut bytes = vec![function];
    bytes.extend(first.to_be_bytes());
    bytes.extend(second.to_be_bytes());
    bytes
}

fn crc(bytes: &[u8]) -> u16 {
    let mut sum = 0xFFFF_u16;
    for byte in bytes {
        sum ^= u16::from(*byte);
        for _ in 0..8 {
            sum = if sum & 1 == 1 {
                sum >> 1 ^ 0xA001
            } else {
                sum >> 1
            };
        }
    }
    sum
}

#[test]
fn crc_of_the_facts() {
    assert_eq!(crc(&[0x02, 0x07]), 0x1241);
}
