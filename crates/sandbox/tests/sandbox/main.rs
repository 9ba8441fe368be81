//! The sandbox over real HTTP, one module for each area.
#![allow(clippy::unwrap_used, reason = "a test that meets the unexpected ends there")]

mod account;
mod admission;
mod associations;
mod batches;
mod changes;
mod chat;
mod client;
mod contacts;
mod control;
mod faults;
mod history;
mod limits;
mod merges;
mod oauth;
mod oauth_authorize;
mod oauth_information;
mod objects;
mod pages;
mod properties;
mod property_groups;
mod records_file;
mod upserts;
mod visitor_identification;
mod webhook_events;
mod webhook_helpers;
mod webhook_receiver;
mod webhook_sending;
mod webhook_subscriptions;
mod webhooks;
