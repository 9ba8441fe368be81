//! Leases: one holder at a time, and none that does not know of its end.

use std::time::Duration;

use parlor_store::{Fence, Sending, Taken, ValueHash};

use crate::delivery::MINUTE;
use crate::world::World;

const GRACE: Duration = Duration::from_secs(10);

impl World {
    async fn take(&self, holder: &str) -> Taken {
        self.store
            .take_lease(&self.tenant, "writer", holder, MINUTE, GRACE)
            .await
            .unwrap()
    }

    async fn may_send(&self, fence: &Fence) -> bool {
        let values = vec![Sending {
            record: "501".into(),
            hash: ValueHash([9; 32]),
        }];
        self.store
            .note_sending(&self.tenant, fence, values, self.now())
            .await
            .unwrap()
    }
}

fn fence(token: u64) -> Fence {
    Fence {
        name: "writer".into(),
        token,
    }
}

pub async fn a_lease_is_one_holders_until_it_has_ended_and_its_grace_has_passed(world: World) {
    let start = world.now();
    assert_eq!(world.take("one").await, Taken::New(fence(1)));
    assert_eq!(world.take("two").await, Taken::Busy(start + MINUTE + GRACE));
    world.clock.advance(MINUTE / 2);
    assert_eq!(world.take("one").await, Taken::Kept(fence(1)));
    let end = world.now() + MINUTE + GRACE;
    world
        .clock
        .advance((MINUTE + GRACE).saturating_sub(Duration::from_millis(1)));
    assert_eq!(world.take("two").await, Taken::Busy(end));
    world.clock.advance(Duration::from_millis(1));
    assert_eq!(world.take("two").await, Taken::New(fence(2)));
    assert_eq!(
        world.take("one").await,
        Taken::Busy(world.now() + MINUTE + GRACE),
        "too late"
    );
}

pub async fn a_holder_whose_lease_is_anothers_notes_nothing_to_send(world: World) {
    world.linked("ada@example.com", "501").await;
    world.take("one").await;
    assert!(world.may_send(&fence(1)).await);
    world.clock.advance(MINUTE * 2);
    assert!(world.may_send(&fence(1)).await, "nobody else has it");
    world.take("two").await;
    assert!(!world.may_send(&fence(1)).await);
    assert!(world.may_send(&fence(2)).await);
    let other = Fence {
        name: "other".into(),
        token: 2,
    };
    assert!(!world.may_send(&other).await, "a lease that nobody took");
    assert_eq!(
        world.store.sent_values(&world.tenant, "501").await.unwrap(),
        [ValueHash([9; 32])]
    );
}

pub async fn a_lease_given_back_is_free_at_once_and_its_token_never_comes_again(world: World) {
    world.take("one").await;
    world.store.give_lease_back(&world.tenant, &fence(1)).await.unwrap();
    assert_eq!(world.take("two").await, Taken::New(fence(2)));
    world.store.give_lease_back(&world.tenant, &fence(1)).await.unwrap();
    assert!(
        matches!(world.take("one").await, Taken::Busy(_)),
        "only the holder gives it back"
    );
}

pub async fn a_server_that_starts_finds_its_leases_free_and_the_tokens_greater(world: World) {
    world.take("one").await;
    let world = world.restart();
    assert_eq!(world.take("two").await, Taken::New(fence(2)));
}
