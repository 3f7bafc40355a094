//! timescale
