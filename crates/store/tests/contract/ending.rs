//! How conversations end: by a rep, or by themselves; and what is still to be summed up.

use parlor_protocol::ConversationState;
use parlor_store::RecordState;

use crate::delivery::MINUTE;
use crate::world::{Registered, World};

impl World {
    async fn close(&self, whose: &Registered) {
        let closed = self
            .store
            .set_conversation_state(&self.tenant, &whose.conversation, ConversationState::Closed)
            .await;
        assert_eq!(closed.unwrap(), Some(true));
    }

    async fn state(&self, whose: &Registered) -> ConversationState {
        let found = self.store.conversation(&self.tenant, &whose.conversation).await;
        found.unwrap().unwrap().state
    }

    async fn to_sum_up(&self) -> Vec<String> {
        let ended = self.store.to_sum_up(&self.tenant, self.now(), 10).await.unwrap();
        ended.into_iter().map(|ended| ended.record.record).collect()
    }
}

pub async fn conversations_without_messages_for_long_end_by_themselves(world: World) {
    let old = world.linked("ada@example.com", "501").await;
    let silent = world.register("silent@example.com").await;
    world.clock.advance(MINUTE);
    let idle_since = world.now();
    world.clock.advance(MINUTE);
    let young = world.linked("bob@example.com", "502").await;
    let before = world.store.latest_change(&world.tenant).await.unwrap();

    let end = |limit| world.store.end_idle_conversations(&world.tenant, idle_since, limit);
    let mut ended = [end(1).await.unwrap(), end(10).await.unwrap()].concat();
    ended.sort();
    let mut expected = [old.conversation.clone(), silent.conversation.clone()];
    expected.sort();
    assert_eq!(ended, expected);
    assert!(end(10).await.unwrap().is_empty(), "nothing ends twice");
    assert_eq!(world.state(&old).await, ConversationState::Closed);
    assert_eq!(world.state(&young).await, ConversationState::Open);
    let lines = world
        .store
        .summaries_since(&world.tenant, &world.rep, before, 10)
        .await
        .unwrap();
    assert_eq!(lines.len(), 2, "the inbox learns of each");
    assert_eq!(world.to_sum_up().await, ["501"], "nothing was said in the other");

    world.say(&old, "I am back").await;
    assert_eq!(world.state(&old).await, ConversationState::Open);
    assert!(world.to_sum_up().await.is_empty(), "it goes on");
}

pub async fn an_end_is_summed_up_once_and_again_after_it_went_on(world: World) {
    let ada = world.linked("ada@example.com", "501").await;
    world.close(&ada).await;
    let ended = world.store.to_sum_up(&world.tenant, world.now(), 10).await.unwrap();
    assert_eq!(
        (ended[0].id.clone(), ended[0].closed_at),
        (ada.conversation.clone(), world.now())
    );
    let first_end = ended[0].closed_at;
    world.answer(&ada, "by the way").await;
    assert_eq!(world.to_sum_up().await, ["501"], "a rep's words do not open it");
    let sum_up = |closed_at| world.store.note_summed_up(&world.tenant, &ada.conversation, closed_at);
    sum_up(first_end).await.unwrap();
    assert!(world.to_sum_up().await.is_empty());

    world.clock.advance(MINUTE);
    world.say(&ada, "one more thing").await;
    world.close(&ada).await;
    sum_up(first_end).await.unwrap();
    assert_eq!(world.to_sum_up().await, ["501"], "another end than the one summed up");
}

pub async fn only_ends_that_lead_to_a_record_are_to_be_summed_up(world: World) {
    let held = world.register_held("held@example.com").await;
    world.say(&held, "spam").await;
    world.close(&held).await;
    let unlinked = world.register("new@example.com").await;
    world.say(&unlinked, "hello").await;
    world.close(&unlinked).await;
    let gone = world.linked("gone@example.com", "503").await;
    world.close(&gone).await;
    world.set_state("503", RecordState::Gone).await;
    assert!(world.to_sum_up().await.is_empty());
    world.link("new@example.com", "501").await;
    assert_eq!(world.to_sum_up().await, ["501"]);
}
