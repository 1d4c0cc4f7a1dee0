//! Tests of the whole machine: laws that every run keeps, bounds that no run can pass, and closed
//! forms of small ones.

mod array_bench;
mod bandwidth;
mod closed_form;
mod conserve;
mod fidelity;
mod mapper;
mod network;
mod regions;
mod repeat;
mod stuck;
mod support;
