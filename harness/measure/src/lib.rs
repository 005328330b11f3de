//! Signal analysis, uncertainty and the judge of gridproof: pure, no I/O
