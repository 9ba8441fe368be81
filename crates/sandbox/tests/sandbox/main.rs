//! The sandbox over real HTTP, one module for each area.
#![allow(clippy::unwrap_used, reason = "a test that meets the unexpected ends there")]

mod admission;
mod batches;
mod chat;
mod client;
mod contacts;
mod control;
mod faults;
mod pages;
mod properties;
mod records_file;
mod visitor_identification;
mod webhook_receiver;
mod webhook_subscriptions;
mod webhooks;
