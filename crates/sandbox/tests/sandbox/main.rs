//! The sandbox over real HTTP, one module for each area.
#![allow(clippy::unwrap_used, reason = "a test that meets the unexpected ends there")]

mod account;
mod admission;
mod batches;
mod chat;
mod client;
mod contacts;
mod control;
mod faults;
mod limits;
mod oauth;
mod oauth_authorize;
mod oauth_information;
mod pages;
mod properties;
mod records_file;
mod visitor_identification;
