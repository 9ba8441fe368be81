//! The sandbox over real HTTP, one module for each area.
#![allow(clippy::unwrap_used, reason = "a test that meets the unexpected ends there")]

mod account;
mod admission;
mod associations;
mod batches;
mod changes;
mod chat;
mod client;
mod clock;
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
mod readme;
mod records_file;
mod requests;
mod search;
mod upserts;
mod visitor_identification;
mod webhook_events;
mod webhook_helpers;
mod webhook_receiver;
mod webhook_sending;
mod webhook_subscriptions;
mod webhooks;
