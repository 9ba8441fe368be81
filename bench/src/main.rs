//! `make bench`: starts the built server, measures it from outside beside the machine's own floors, and writes the report. With the
//! argument `visitor-tokens` it measures these alone, and prints what it found in place of a report.

mod checkout;
mod client;
mod delivery;
mod floors;
mod identity;
mod idle;
mod latency;
mod machine;
mod messages;
mod naive;
mod percentiles;
mod registrations;
mod report;
mod sandbox;
mod server;
mod sizes;
mod starting;

use std::process::ExitCode;
use std::time::Duration;

use crate::checkout::Checkout;
use crate::client::Site;
use crate::report::Figures;
use crate::server::Parlor;

/// Visitors that register; the other measurements use them.
const VISITORS: usize = 5_000;

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let measured = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => measure().await,
        ["visitor-tokens"] => visitor_tokens().await,
        _ => Err(anyhow::anyhow!("name no part, or visitor-tokens")),
    };
    match measured {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn measure() -> anyhow::Result<()> {
    let checkout = Checkout::locate();
    machine::check_open_files(VISITORS)?;
    let sizes = sizes::measure(&checkout)?;
    let machine = machine::describe(&checkout).await?;

    // Beside the checkout's other built files: a temporary folder of the system may be memory, where a sync costs nothing.
    let folder = tempfile::tempdir_in(checkout.target())?;
    let binary = checkout.binary();
    say("starting");
    let starting = starting::measure(&binary, folder.path()).await?;
    let mut parlor = Parlor::start(&binary, folder.path()).await?;
    let key = parlor.add_widget().await?;
    parlor.add_rep().await?;
    let site = Site::open(&parlor, key).await?;

    say("registrations");
    let (registrations, visitors) = registrations::measure(&site, VISITORS).await?;
    say("visitor to rep");
    let latency = latency::measure(&parlor, &site, &visitors).await?;
    say("messages at a moderate pace");
    let moderate = messages::moderate(&site, &visitors).await?;
    // Whoever has just written as much as their limit lets through could not do it again at once.
    let (some, others) = visitors.split_at(visitors.len() / 2);
    say("messages at full speed");
    let alone = messages::saturated(&site, some).await?;
    say("messages at full speed, with a rep signed in");
    let watched = messages::saturated_and_watched(&site, others).await?;
    say("disk and loopback");
    let disk = floors::disk(folder.path(), latency.commit_bytes)?;
    let loopback = floors::loopback()?;
    parlor.stop(Duration::from_secs(15)).await?;

    // A fresh process: what the load left in its heap would hide what sockets cost.
    say("idle sockets");
    let mut parlor = Parlor::start(&binary, folder.path()).await?;
    let idle = idle::measure(&parlor, &site.at(&parlor), &visitors).await?;
    parlor.stop(Duration::from_secs(15)).await?;

    say("visitor tokens");
    let identity = identity::measure(&binary, folder.path()).await?;

    say("the sandbox");
    let sandbox = sandbox::measure()?;

    say("delivery to HubSpot, and the naive way");
    let delivery = delivery::measure(folder.path()).await?;
    let naive = naive::measure().await?;

    let figures = Figures {
        machine,
        sizes,
        starting,
        registrations,
        latency,
        moderate,
        alone,
        watched,
        disk,
        loopback,
        idle,
        identity,
        delivery,
        naive,
        sandbox,
    };
    report::write(&checkout, &figures)?;
    say("written: docs/benchmarks.md");
    Ok(())
}

/// Visitor tokens alone.
#[expect(clippy::print_stdout, reason = "what it finds is its output")]
async fn visitor_tokens() -> anyhow::Result<()> {
    let checkout = Checkout::locate();
    let folder = tempfile::tempdir_in(checkout.target())?;
    let measured = identity::measure(&checkout.binary(), folder.path()).await?;
    println!("{:#}", serde_json::to_value(measured)?);
    Ok(())
}

/// Delivery to HubSpot alone, and the naive way.
#[expect(clippy::print_stdout, reason = "what it finds is its output")]
async fn delivery_alone() -> anyhow::Result<()> {
    let checkout = Checkout::locate();
    let folder = tempfile::tempdir_in(checkout.target())?;
    let delivered = delivery::measure(folder.path()).await?;
    let naive = naive::measure().await?;
    println!("{:#}", serde_json::json!({ "delivery": delivered, "naive": naive }));
    Ok(())
}

/// What is being done, for whoever waits.
fn say(text: &str) {
    eprintln!("bench: {text}");
}
