//! A thin layer over plotters: an SVG backend whose colours are CSS classes, axes, marks, legends.
//!
//! One unit of the canvas is a tenth of a pixel, so that plotters' whole numbers draw smooth lines.

pub(crate) mod backend;
pub(crate) mod chart;
pub(crate) mod decimate;
pub(crate) mod ink;
pub(crate) mod sheet;
