//! Tests of the module whose truth comes from outside its code: a register-level array, the loop nest
//! element by element, and all tilings there are.

mod cases;
mod fold;
mod schedule;
mod systolic;
mod traffic;
mod vector;
