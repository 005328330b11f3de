//! The screen as it is sent by `HARDCopy STARt`: graticule and the traces that are shown.

use super::Mdo4000;
use super::acquire::WORD_PER_DIV;
use super::commands::Key;
use super::image::Image;

const WIDTH: usize = 1024;
const HEIGHT: usize = 768;
/// Pixels of a division; there are ten each way.
const DIV: (usize, usize) = (96, 64);
/// Upper left corner of the graticule.
const CORNER: (usize, usize) = (32, 64);
const BACKGROUND: u8 = 0;
const GRATICULE: u8 = 1;
/// Place of channel 1 in the palette; the others follow.
const TRACES: u8 = 2;

impl Mdo4000 {
    /// In the format of `SAVe:IMAGe:FILEFormat`.
    pub(super) fn screen(&self) -> Vec<u8> {
        let ink = self.settings.on(Key::InkSaver);
        let image = self.draw(ink);
        match self.settings.word(Key::ImageFormat) {
            0 => image.png(),
            1 => image.bmp(),
            _ => image.tiff(),
        }
    }

    fn draw(&self, ink_saver: bool) -> Image {
        let ground = if ink_saver { [255; 3] } else { [0; 3] };
        let mut image = Image {
            width: WIDTH,
            height: HEIGHT,
            pixels: vec![BACKGROUND; WIDTH * HEIGHT],
            palette: vec![
                ground,
                [112; 3],
                [255, 215, 0],
                [0, 200, 230],
                [230, 0, 200],
                [0, 180, 60],
            ],
        };
        for line in 0..=10 {
            for x in 0..=10 * DIV.0 {
                image.dot((x, line * DIV.1), GRATICULE);
            }
            for y in 0..=10 * DIV.1 {
                image.dot((line * DIV.0, y), GRATICULE);
            }
        }
        let traces = self.record.iter().flat_map(|record| &record.traces);
        for (channel, words) in traces {
            let lane = usize::from(*channel) - 1;
            if self.settings.on_at(Key::Shown, lane) {
                image.trace(words, TRACES + *channel - 1);
            }
        }
        image
    }
}

impl Image {
    /// A pixel of the graticule.
    fn dot(&mut self, (x, y): (usize, usize), colour: u8) {
        let at = (CORNER.1 + y) * WIDTH + CORNER.0 + x;
        if let Some(pixel) = self.pixels.get_mut(at) {
            *pixel = colour;
        }
    }

    /// In every column what lies between its points and the first one of the next column.
    fn trace(&mut self, words: &[i16], colour: u8) {
        let columns = 10 * DIV.0;
        let height = |word: i16| {
            let up = f64::from(word) / WORD_PER_DIV + 5.0;
            ((10.0 - up.clamp(0.0, 10.0)) * DIV.1 as f64).round() as usize
        };
        for x in 0..columns {
            let from = x * words.len() / columns;
            let to = ((x + 1) * words.len() / columns + 1).min(words.len());
            let heights = words.get(from..to).unwrap_or_default().iter();
            let (top, bottom) = heights.fold((usize::MAX, 0), |(top, bottom), &word| {
                (top.min(height(word)), bottom.max(height(word)))
            });
            for y in top..=bottom {
                self.dot((x, y), colour);
            }
        }
    }
}
