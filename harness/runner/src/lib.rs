//! Campaign, procedures, clock, safe state, journal and evidence of gridproof
