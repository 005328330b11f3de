//! Images with a palette as PNG, Windows bitmap and TIFF, all without compression.
//!
//! They are sent as they are, without the header of a block: PNG tells where it ends, and bitmap and
//! TIFF of the screen hold neither LF nor quote nor `#`, so that their message ends with its LF.

/// An image: a row of pixels after the other, from the top, each a place in the palette.
#[derive(Debug)]
pub(super) struct Image {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) pixels: Vec<u8>,
    /// Red, green, blue.
    pub(super) palette: Vec<[u8; 3]>,
}

/// Most bytes of a stored block (RFC 1951, 3.2.4).
const STORED: usize = 65_535;

impl Image {
    /// As PNG (ISO/IEC 15948): indexed colour of eight bits.
    pub(super) fn png(&self) -> Vec<u8> {
        let mut out = vec![0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a];
        let mut header = Vec::new();
        header.extend((self.width as u32).to_be_bytes());
        header.extend((self.height as u32).to_be_bytes());
        header.extend([8, 3, 0, 0, 0]);
        chunk(&mut out, *b"IHDR", &header);
        chunk(&mut out, *b"PLTE", self.palette.as_flattened());
        let mut rows = Vec::with_capacity((self.width + 1) * self.height);
        for row in self.pixels.chunks(self.width) {
            // no filter
            rows.push(0);
            rows.extend_from_slice(row);
        }
        chunk(&mut out, *b"IDAT", &zlib(&rows));
        chunk(&mut out, *b"IEND", &[]);
        out
    }

    /// As Windows bitmap of eight bits; a row has a multiple of four bytes, the lowest comes first.
    pub(super) fn bmp(&self) -> Vec<u8> {
        let line = self.width.next_multiple_of(4);
        let begin = 14 + 40 + 4 * self.palette.len();
        let mut out = b"BM".to_vec();
        let mut put = |number: usize| out.extend((number as u32).to_le_bytes());
        for number in [
            begin + line * self.height,
            0,
            begin,
            40,
            self.width,
            self.height,
        ] {
            put(number);
        }
        // one plane, eight bits
        put(8 << 16 | 1);
        for number in [0, line * self.height, 2835, 2835, self.palette.len(), 0] {
            put(number);
        }
        for [red, green, blue] in &self.palette {
            out.extend([*blue, *green, *red, 0]);
        }
        for row in self.pixels.chunks(self.width).rev() {
            out.extend_from_slice(row);
            out.resize(out.len() + line - self.width, 0);
        }
        out
    }

    /// As TIFF 6.0 in one strip of RGB.
    pub(super) fn tiff(&self) -> Vec<u8> {
        const SHORT: u16 = 3;
        const LONG: u16 = 4;
        const TAGS: u32 = 11;
        let bits_at = 8 + 2 + 12 * TAGS + 4;
        let strip_at = bits_at + 6;
        let size = 3 * self.pixels.len() as u32;
        let tags: [(u16, u16, u32, u32); TAGS as usize] = [
            (256, LONG, 1, self.width as u32),
            (257, LONG, 1, self.height as u32),
            (258, SHORT, 3, bits_at),
            (259, SHORT, 1, 1),
            (262, SHORT, 1, 2),
            (273, LONG, 1, strip_at),
            (277, SHORT, 1, 3),
            (278, LONG, 1, self.height as u32),
            (279, LONG, 1, size),
            (284, SHORT, 1, 1),
            (296, SHORT, 1, 1),
        ];
        let mut out = vec![b'I', b'I', 42, 0, 8, 0, 0, 0];
        out.extend((TAGS as u16).to_le_bytes());
        for (tag, kind, count, value) in tags {
            out.extend(tag.to_le_bytes());
            out.extend(kind.to_le_bytes());
            out.extend(count.to_le_bytes());
            out.extend(value.to_le_bytes());
        }
        out.extend([0; 4]);
        for _ in 0..3 {
            out.extend(8u16.to_le_bytes());
        }
        let colours = self
            .pixels
            .iter()
            .filter_map(|&at| self.palette.get(usize::from(at)));
        out.extend(colours.flatten());
        out
    }
}

fn chunk(out: &mut Vec<u8>, kind: [u8; 4], data: &[u8]) {
    out.extend((data.len() as u32).to_be_bytes());
    let from = out.len();
    out.extend(kind);
    out.extend_from_slice(data);
    let check = crc(&out[from..]);
    out.extend(check.to_be_bytes());
}

/// Stored blocks in a zlib stream (RFC 1950).
fn zlib(data: &[u8]) -> Vec<u8> {
    let mut out = vec![0x78, 0x01];
    let blocks = data.len().div_ceil(STORED);
    for (index, block) in data.chunks(STORED).enumerate() {
        let length = block.len() as u16;
        out.push(u8::from(index + 1 == blocks));
        out.extend(length.to_le_bytes());
        out.extend((!length).to_le_bytes());
        out.extend_from_slice(block);
    }
    let (low, high) = data.iter().fold((1u32, 0u32), |(low, high), &byte| {
        let low = (low + u32::from(byte)) % 65_521;
        (low, (high + low) % 65_521)
    });
    out.extend((high << 16 | low).to_be_bytes());
    out
}

/// CRC-32 of ISO 3309.
fn crc(data: &[u8]) -> u32 {
    !data.iter().fold(u32::MAX, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| {
            if crc & 1 == 1 {
                crc >> 1 ^ 0xedb8_8320
            } else {
                crc >> 1
            }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_values() {
        assert_eq!(crc(b"123456789"), 0xcbf4_3926);
        let stream = zlib(b"Wikipedia");
        assert_eq!(stream[stream.len() - 4..], [0x11, 0xe6, 0x03, 0x98]);
        assert_eq!(stream[2..7], [1, 9, 0, 0xf6, 0xff]);
    }

    #[test]
    fn a_small_image_in_every_format() {
        let image = Image {
            width: 3,
            height: 2,
            pixels: vec![0, 1, 0, 1, 1, 0],
            palette: vec![[0, 0, 0], [255, 128, 0]],
        };
        let png = image.png();
        assert_eq!(png[16..26], [0, 0, 0, 3, 0, 0, 0, 2, 8, 3]);
        assert!(png.windows(8).any(|part| part == [0, 0, 1, 0, 0, 1, 1, 0]));
        let bmp = image.bmp();
        assert_eq!(bmp.len(), 14 + 40 + 8 + 8);
        assert_eq!(bmp[62..], [1, 1, 0, 0, 0, 1, 0, 0], "the lowest row first");
        let tiff = image.tiff();
        assert_eq!(
            tiff[tiff.len() - 18..tiff.len() - 12],
            [0, 0, 0, 255, 128, 0]
        );
    }
}
