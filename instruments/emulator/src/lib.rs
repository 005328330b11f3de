//! Wire servers that speak the instruments' own protocols over the plant
