//! Conversations end by themselves, and go on when their visitor does.

use std::time::Duration;

use parlor_engine::{Event, Topic};
use parlor_protocol::{ConversationState, TenantId};

use crate::world::World;

const DAY: Duration = Duration::from_secs(24 * 3_600);

#[tokio::test]
async fn a_conversation_without_messages_ends_is_told_and_goes_on_with_the_visitors_next() {
    let world = World::new().await;
    let tenant = TenantId::default_tenant();
    let ada = world.ada().await;
    world.say(&ada, "anybody there?").await;
    let mut news = world.engine.subscribe(Topic::Conversation(ada.conversation.clone()));
    world.advance(DAY.saturating_sub(Duration::from_millis(1)));
    let end = || world.engine.end_idle_conversations(&tenant, DAY);
    assert_eq!(end().await.unwrap(), 0);
    world.advance(Duration::from_millis(1));
    assert_eq!(end().await.unwrap(), 1);
    assert!(matches!(
        news.next().await,
        Some(Event::State(ConversationState::Closed))
    ));
    assert_eq!(end().await.unwrap(), 0);

    world.say(&ada, "I am back").await;
    assert!(matches!(news.next().await, Some(Event::Message { .. })));
    assert!(matches!(news.next().await, Some(Event::State(ConversationState::Open))));
    world.pass_until_idle().await;
    world.assert_delivered(&ada, "").await;
}
