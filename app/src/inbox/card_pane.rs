//! The contact card: who the visitor is, where they came from, and how far HubSpot knows.

use leptos::either::Either;
use leptos::prelude::*;
use parlor_protocol::{ContactCard, ConversationId, Delivery, DeliveryStatus, HubspotRecord, PageContext};

use super::desk::Desk;
use super::moment::InFull;

/// The pane beside the thread.
#[component]
pub fn CardPane() -> impl IntoView {
    let desk = expect_context::<Desk>();
    view! {
        <aside id="contact" class="inbox-card" aria-labelledby="contact-title">
            <header class="inbox-card-head">
                <h2 id="contact-title">"Contact"</h2>
                <button type="button" class="inbox-card-close" on:click=move |_| desk.card_open.set(false)>
                    "Hide"
                </button>
            </header>
            {move || match desk.card_of_selected() {
                Some(card) => {
                    let actions = desk.selected.get().filter(|_| !card.email.is_empty());
                    let actions = actions.as_ref().map(data_view);
                    Either::Left(view! { {card_view(card)} {actions} })
                }
                None => Either::Right(view! { <p class="inbox-card-none">"Nothing is known of the contact yet."</p> }),
            }}
        </aside>
    }
}

fn card_view(card: ContactCard) -> impl IntoView {
    let ContactCard {
        name,
        email,
        email_verified,
        widget_name,
        registered_at,
        page,
        hubspot,
        delivery,
    } = card;
    let (badge, badge_class, meaning) = if email_verified {
        ("verified", "badge badge-good", "This address was proven.")
    } else {
        ("claimed", "badge", "This address was typed and proves nothing.")
    };
    view! {
        <section class="inbox-card-who">
            <h3 dir="auto">{name}</h3>
            <p>
                {(!email.is_empty())
                    .then(|| {
                        view! {
                            <a href=format!("mailto:{email}") class="inbox-card-email">
                                {email.clone()}
                            </a>
                            " "
                            <span class=badge_class title=meaning>
                                {badge}
                            </span>
                        }
                    })}
            </p>
        </section>
        <section class="inbox-card-hubspot" data-status=status_word(delivery.status)>
            <h3>"HubSpot"</h3>
            <p>{record_view(hubspot)}</p>
            <p class="inbox-card-delivery">{delivery.in_words()}</p>
            {has_record_to_write(&delivery).then(write_again)}
        </section>
        <section>
            <h3>"Came from"</h3>
            <dl>
                {page_view(page)} <dt>"Widget"</dt> <dd dir="auto">{widget_name}</dd> <dt>"Registered"</dt>
                <dd>
                    <InFull at=registered_at/>
                </dd>
            </dl>
        </section>
    }
}

/// What can be done with the contact's data. Plain forms: they are seldom used, and work without script.
fn data_view(conversation: &ConversationId) -> impl IntoView + use<> {
    view! {
        <section class="inbox-card-data">
            <h3>"Their data"</h3>
            <form method="post" action=format!("/inbox/{conversation}/export")>
                <button class="button button-small">"Export as a file"</button>
            </form>
            <details>
                <summary>"Forget this contact"</summary>
                <form method="post" action=format!("/inbox/{conversation}/forget")>
                    <p>
                        "Erases for good what every visitor with this address wrote and who they are, your answers to them too, here and \
                         where Parlor wrote it in HubSpot."
                    </p>
                    <label>
                        <input type="checkbox" name="sure" value="yes" required/>
                        " I am sure"
                    </label>
                    <button class="button button-small">"Forget"</button>
                </form>
            </details>
        </section>
    }
}

/// Where there is nothing to write to, there is no button either.
const fn has_record_to_write(delivery: &Delivery) -> bool {
    !matches!(
        delivery.status,
        DeliveryStatus::Held | DeliveryStatus::NoToken | DeliveryStatus::Gone | DeliveryStatus::Erased
    ) && delivery.last_seq > 0
}

fn write_again() -> impl IntoView {
    let desk = expect_context::<Desk>();
    view! {
        <button
            type="button"
            class="button button-quiet"
            disabled=move || desk.busy.get() || desk.now.with(Option::is_none)
            on:click=move |_| desk.write_again()
        >
            "Write to HubSpot again now"
        </button>
    }
}

fn record_view(record: Option<HubspotRecord>) -> impl IntoView {
    match record {
        None => view! { "No record yet" }.into_any(),
        Some(HubspotRecord { id, url }) => match url.filter(|url| is_web_address(url)) {
            Some(url) => view! {
                <a href=url target="_blank" rel="noopener noreferrer">
                    {format!("Contact {id}")}
                </a>
            }
            .into_any(),
            None => format!("Contact {id}").into_any(),
        },
    }
}

fn page_view(page: PageContext) -> impl IntoView {
    let PageContext {
        url,
        title,
        referrer,
        utm_source,
        utm_medium,
        utm_campaign,
        utm_term,
        utm_content,
        language,
        hubspotutk: _,
    } = page;
    let shown = if title.is_empty() { url.clone() } else { title };
    let texts = [
        ("Campaign", utm_campaign),
        ("Source", utm_source),
        ("Medium", utm_medium),
        ("Term", utm_term),
        ("Content", utm_content),
        ("Language", language),
    ];
    view! {
        {entry("Page", shown, url)}
        {entry("Referrer", referrer.clone(), referrer)}
        {texts.into_iter().map(|(label, text)| entry(label, text, String::new())).collect_view()}
    }
}

/// One line of the card, or nothing where nothing is known. It is a link where `address` is one of the web.
fn entry(label: &'static str, text: String, address: String) -> Option<impl IntoView> {
    if text.is_empty() {
        return None;
    }
    let value = if is_web_address(&address) {
        // The page's own words stand in the link, its true address in the title.
        let title = address.clone();
        Either::Left(view! {
            <a href=address title=title target="_blank" rel="noopener noreferrer">
                {text}
            </a>
        })
    } else {
        Either::Right(text)
    };
    Some(view! {
        <dt>{label}</dt>
        <dd dir="auto">{value}</dd>
    })
}

/// Anything else in a link (`javascript:`, `data:`) could run something; it is shown as text.
fn is_web_address(address: &str) -> bool {
    address.starts_with("https://") || address.starts_with("http://")
}

const fn status_word(status: DeliveryStatus) -> &'static str {
    match status {
        DeliveryStatus::Delivered => "delivered",
        DeliveryStatus::Pending => "pending",
        DeliveryStatus::Waiting => "waiting",
        DeliveryStatus::Held => "held",
        DeliveryStatus::NoToken => "no-token",
        DeliveryStatus::Full => "full",
        DeliveryStatus::Gone => "gone",
        DeliveryStatus::Refused => "refused",
        DeliveryStatus::Erased => "erased",
        DeliveryStatus::Dead => "dead",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a41_only_addresses_of_the_web_become_links() {
        for address in ["https://example.com/a", "http://localhost:3001/"] {
            assert!(is_web_address(address));
        }
        for address in [
            "",
            "javascript:alert(1)",
            "//evil.example",
            " https://example.com",
            "data:text/html,x",
        ] {
            assert!(!is_web_address(address), "{address}");
        }
    }
}
