//! Export: everything Parlor holds on one address, as JSON whose shape `docs/operations.md` describes.

use parlor_protocol::{ClaimedEmail, Message, TenantId};
use parlor_store::{NewAudit, PersonConversation, Store, StoreError, Timestamp};
use serde_json::{Value, json};

/// How many messages are read at once.
const PAGE: usize = 1_000;

/// Everything on an address. A line of audit is written, unless there is nothing.
///
/// # Errors
/// When the store fails.
pub async fn export(
    store: &dyn Store,
    tenant: &TenantId,
    email: &ClaimedEmail,
    actor: &str,
    now: Timestamp,
) -> Result<Value, StoreError> {
    let kept = store.person(tenant, email).await?;
    let address = store.person_address(tenant, email).await?;
    let mut conversations = Vec::new();
    let mut messages = 0;
    for conversation in &kept {
        let said = messages_of(store, tenant, conversation).await?;
        messages += said.len() as u64;
        conversations.push(in_json(conversation, &said));
    }
    let count = conversations.len() as u64;
    if count > 0 {
        let line = NewAudit {
            actor: actor.to_owned(),
            action: "exported",
            visitors: count,
            conversations: count,
            messages,
        };
        store.add_audit(tenant, line).await?;
    }
    Ok(json!({
        "format": "parlor-export-1",
        "exported_at": now.rfc3339(),
        "email": email.as_str(),
        "hubspot": address.map(|address| json!({
            "state": address.state,
            "contact": address.record,
            "ordered_at": address.ordered_at.rfc3339(),
            "last_error": address.detail,
        })),
        "conversations": conversations,
    }))
}

async fn messages_of(
    store: &dyn Store,
    tenant: &TenantId,
    conversation: &PersonConversation,
) -> Result<Vec<Message>, StoreError> {
    let mut messages: Vec<Message> = Vec::new();
    loop {
        let after = messages.last().map_or(0, |message| message.seq);
        let page = store
            .messages_after(tenant, &conversation.conversation, after, PAGE)
            .await?;
        let is_last = page.len() < PAGE;
        messages.extend(page);
        if is_last {
            return Ok(messages);
        }
    }
}

fn in_json(kept: &PersonConversation, messages: &[Message]) -> Value {
    let messages: Vec<Value> = messages
        .iter()
        .map(|message| {
            json!({
                "seq": message.seq,
                "id": message.id,
                "from": message.author.kind,
                "name": message.author.name,
                "at": Timestamp::from_millis(message.at).rfc3339(),
                "text": message.text,
            })
        })
        .collect();
    json!({
        "id": kept.conversation,
        "widget": kept.widget_name,
        "state": kept.state,
        "registered_at": kept.registered_at.rfc3339(),
        "last_at": kept.last_at.rfc3339(),
        "visitor": {
            "id": kept.visitor,
            "first_name": kept.first_name,
            "last_name": kept.last_name,
            "email_verified": kept.email_verified,
            "sessions": kept.sessions,
            "tokens": kept.tokens,
        },
        "page": kept.page,
        "delivery": {
            "held": kept.held,
            "delivered_seq": kept.delivered_seq,
            "last_seq": kept.last_seq,
            "notes": kept.notes,
        },
        "messages": messages,
    })
}
