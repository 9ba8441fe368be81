//! Proofs of identity: what checks them, which are revoked, and the visitor tokens that come of them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use parlor_protocol::{TenantId, WidgetId};
use parlor_store::{
    Edit, Provider, RevokedProof, SecretHash, StoredToken, Timestamp, WidgetIdentity, WidgetIdentityChange,
};

use crate::world::{World, hash, number, uuid};

const HOUR: Duration = Duration::from_secs(3_600);
/// More than any test keeps.
const MANY: u64 = 1_000;

fn shop() -> TenantId {
    TenantId::parse("shop").unwrap()
}

/// An identity in which nothing is as by default.
pub fn proving(now: Timestamp) -> WidgetIdentity {
    WidgetIdentity {
        provider: Provider::HubSpot,
        waits_for_consent: true,
        secret: Some(vec![0, 255, 39, 0]),
        public_key: Some([200; 32]),
        landing_page: true,
        not_before: now,
    }
}

/// The change that names everything.
pub fn whole(identity: WidgetIdentity) -> WidgetIdentityChange {
    WidgetIdentityChange {
        provider: Some(identity.provider),
        waits_for_consent: Some(identity.waits_for_consent),
        secret: identity.secret.map_or(Edit::Remove, Edit::Set),
        public_key: identity.public_key.map_or(Edit::Remove, Edit::Set),
        landing_page: Some(identity.landing_page),
        not_before: Some(identity.not_before),
    }
}

/// A token that ends so long after now, with bytes of its own.
pub fn token(world: &World, life: Duration) -> StoredToken {
    StoredToken {
        sealed: number().to_be_bytes().to_vec(),
        expires_at: world.now() + life,
    }
}

/// Keeps a token under a key of its own; answers the key.
async fn keep(world: &World, tenant: &TenantId, generation: SecretHash, life: Duration, most: u64) -> SecretHash {
    let key = hash(number());
    let kept = world
        .store
        .keep_visitor_token(tenant, key, generation, token(world, life), most);
    kept.await.unwrap();
    key
}

async fn is_kept(world: &World, tenant: &TenantId, key: SecretHash) -> bool {
    // Long before anything ends, so that what is found is what is there.
    let found = world.store.visitor_token(tenant, key, Timestamp::from_millis(0)).await;
    found.unwrap().is_some()
}

/// All that are there, past their time or not.
async fn count(world: &World, tenant: &TenantId) -> u64 {
    let counted = world
        .store
        .count_visitor_tokens(tenant, Timestamp::from_millis(0))
        .await;
    counted.unwrap()
}

pub async fn a_widget_proves_nobody_until_it_is_told_how(world: World) {
    let nothing = WidgetIdentity {
        provider: Provider::Parlor,
        waits_for_consent: false,
        secret: None,
        public_key: None,
        landing_page: false,
        not_before: Timestamp::from_millis(0),
    };
    assert_eq!(WidgetIdentity::default(), nothing);
    let nowhere = WidgetId::parse(uuid()).unwrap();
    for widget in [&world.widget, &nowhere] {
        let found = world.store.widget_identity(&world.tenant, widget).await.unwrap();
        assert_eq!(found, nothing);
    }
}

pub async fn a_widgets_identity_may_be_changed_in_all_it_has(world: World) {
    let neighbour = world.add_widget(&world.tenant).await;
    let (first, last) = (proving(world.now()), proving(world.now() + HOUR));
    let nothing = WidgetIdentity {
        not_before: first.not_before,
        ..WidgetIdentity::default()
    };
    let only_a_key = WidgetIdentity {
        public_key: Some([0; 32]),
        ..nothing.clone()
    };
    let mut world = world;
    for identity in [first, only_a_key, nothing, last] {
        let changed = world
            .store
            .change_widget_identity(&world.tenant, &world.widget, whole(identity.clone()));
        assert_eq!(changed.await.unwrap(), Some(identity.clone()));
        world = world.restart();
        let found = world.store.widget_identity(&world.tenant, &world.widget).await.unwrap();
        assert_eq!(found, identity);
    }
    let beside = world.store.widget_identity(&world.tenant, &neighbour).await.unwrap();
    assert_eq!(beside, WidgetIdentity::default());
}

pub async fn what_a_change_does_not_name_stays_and_a_revocation_never_moves_back(world: World) {
    let before = proving(world.now());
    let change = async |change| {
        let changed = world.store.change_widget_identity(&world.tenant, &world.widget, change);
        changed.await.unwrap().unwrap()
    };
    assert_eq!(change(WidgetIdentityChange::default()).await, WidgetIdentity::default());
    change(whole(before.clone())).await;
    assert_eq!(change(WidgetIdentityChange::default()).await, before);
    let earlier = WidgetIdentityChange {
        not_before: Some(Timestamp::from_millis(1)),
        ..WidgetIdentityChange::default()
    };
    assert_eq!(change(earlier).await, before);
    let without_secret = WidgetIdentityChange {
        secret: Edit::Remove,
        ..WidgetIdentityChange::default()
    };
    let expected = WidgetIdentity { secret: None, ..before };
    assert_eq!(change(without_secret).await, expected);
}

pub async fn changes_made_at_once_are_all_kept(world: World) {
    let nothing = WidgetIdentityChange::default;
    let wanted = proving(world.now() + HOUR);
    let changes = [
        WidgetIdentityChange {
            provider: Some(wanted.provider),
            ..nothing()
        },
        WidgetIdentityChange {
            waits_for_consent: Some(true),
            ..nothing()
        },
        WidgetIdentityChange {
            secret: Edit::Set(wanted.secret.clone().unwrap()),
            ..nothing()
        },
        WidgetIdentityChange {
            public_key: Edit::Set(wanted.public_key.unwrap()),
            ..nothing()
        },
        WidgetIdentityChange {
            landing_page: Some(true),
            ..nothing()
        },
        WidgetIdentityChange {
            not_before: Some(wanted.not_before),
            ..nothing()
        },
        WidgetIdentityChange {
            not_before: Some(world.now()),
            ..nothing()
        },
    ];
    let mut changing = tokio::task::JoinSet::new();
    for change in changes {
        let (store, tenant, widget) = (world.store.clone(), world.tenant.clone(), world.widget.clone());
        changing.spawn(async move { store.change_widget_identity(&tenant, &widget, change).await });
    }
    for changed in changing.join_all().await {
        assert!(changed.unwrap().is_some());
    }
    let found = world.store.widget_identity(&world.tenant, &world.widget).await.unwrap();
    assert_eq!(found, wanted);
}

pub async fn only_a_tenants_own_widget_has_an_identity(world: World) {
    let theirs = world.add_widget(&shop()).await;
    let nowhere = WidgetId::parse(uuid()).unwrap();
    for widget in [&theirs, &nowhere] {
        let change = whole(proving(world.now()));
        let changed = world.store.change_widget_identity(&world.tenant, widget, change).await;
        assert_eq!(changed.unwrap(), None);
        for tenant in [&world.tenant, &shop()] {
            let found = world.store.widget_identity(tenant, widget).await.unwrap();
            assert_eq!(found, WidgetIdentity::default());
        }
        let proof = hash(number());
        let revoked = world
            .store
            .revoke_proof(&world.tenant, widget, proof, world.now() + HOUR);
        assert!(!revoked.await.unwrap());
    }
    assert_eq!(world.store.revoked_proofs(world.now()).await.unwrap(), []);
}

pub async fn an_empty_secret_is_refused_and_the_earlier_one_stays(world: World) {
    let before = proving(world.now());
    let change = async |change| {
        let changed = world.store.change_widget_identity(&world.tenant, &world.widget, change);
        changed.await
    };
    assert!(change(whole(before.clone())).await.unwrap().is_some());
    let empty = WidgetIdentityChange {
        provider: Some(Provider::Parlor),
        secret: Edit::Set(Vec::new()),
        ..WidgetIdentityChange::default()
    };
    assert!(change(empty).await.is_err());
    let found = world.store.widget_identity(&world.tenant, &world.widget).await.unwrap();
    assert_eq!(found, before);
}

pub async fn a_proof_is_revoked_until_the_latest_moment_asked_for(world: World) {
    let (proof, now) = (hash(number()), world.now());
    for (minutes, counts_until) in [(10, 10), (10, 10), (30, 30), (20, 30)] {
        let until = now + Duration::from_mins(minutes);
        let revoked = world.store.revoke_proof(&world.tenant, &world.widget, proof, until);
        assert!(revoked.await.unwrap());
        assert_eq!(
            world.store.revoked_proofs(now).await.unwrap(),
            [RevokedProof {
                widget: world.widget.clone(),
                hash: proof,
                until: now + Duration::from_mins(counts_until),
            }]
        );
    }
}

pub async fn a_server_that_starts_learns_of_every_revoked_proof_that_still_counts(world: World) {
    let (now, tenant) = (world.now(), shop());
    let widgets = [
        (&world.tenant, world.widget.clone()),
        (&world.tenant, world.add_widget(&world.tenant).await),
        (&tenant, world.add_widget(&tenant).await),
    ];
    let mut expected = Vec::new();
    for (minutes, (tenant, widget)) in [50, 10, 30].into_iter().zip(&widgets) {
        let (proof, until) = (hash(number()), now + Duration::from_mins(minutes));
        assert!(world.store.revoke_proof(tenant, widget, proof, until).await.unwrap());
        let (widget, hash) = (widget.clone(), proof);
        expected.push(RevokedProof { widget, hash, until });
    }
    expected.sort_by_key(|proof| proof.until);
    let world = world.restart();
    assert_eq!(world.store.revoked_proofs(now).await.unwrap(), expected);
    let first_end = expected[0].until;
    let just_before = first_end - Duration::from_millis(1);
    assert_eq!(world.store.revoked_proofs(just_before).await.unwrap(), expected);
    assert_eq!(world.store.revoked_proofs(first_end).await.unwrap(), expected[1..]);
}

pub async fn a_token_comes_back_until_its_time_and_after_a_restart(world: World) {
    let (key, kept) = (hash(number()), token(&world, HOUR));
    let keeping = world
        .store
        .keep_visitor_token(&world.tenant, key, hash(number()), kept.clone(), MANY);
    keeping.await.unwrap();
    let world = world.restart();
    let at = async |moment| world.store.visitor_token(&world.tenant, key, moment).await.unwrap();
    assert_eq!(at(world.now()).await.as_ref(), Some(&kept));
    assert_eq!(
        at(kept.expires_at - Duration::from_millis(1)).await.as_ref(),
        Some(&kept)
    );
    assert_eq!(at(kept.expires_at).await, None);
    let of_another_key = world.store.visitor_token(&world.tenant, hash(number()), world.now());
    assert_eq!(of_another_key.await.unwrap(), None);
}

pub async fn a_token_replaces_the_earlier_one_of_its_key(world: World) {
    let (key, first, second) = (hash(number()), hash(number()), hash(number()));
    for (generation, life) in [(first, 2 * HOUR), (second, HOUR)] {
        let newest = token(&world, life);
        let keeping = world
            .store
            .keep_visitor_token(&world.tenant, key, generation, newest.clone(), MANY);
        keeping.await.unwrap();
        let found = world.store.visitor_token(&world.tenant, key, world.now()).await;
        assert_eq!(found.unwrap(), Some(newest));
        assert_eq!(count(&world, &world.tenant).await, 1);
    }
    // It went over to the other generation, too.
    let forgotten = world.store.forget_visitor_tokens(&world.tenant, first).await;
    assert_eq!(forgotten.unwrap(), 0);
    let forgotten = world.store.forget_visitor_tokens(&world.tenant, second).await;
    assert_eq!(forgotten.unwrap(), 1);
}

pub async fn beyond_the_bound_the_tokens_that_expire_first_go(world: World) {
    let (generation, tenant) = (hash(number()), &world.tenant);
    let keep_for = async |hours: u32, most| keep(&world, tenant, generation, hours * HOUR, most).await;
    let foreign = keep(&world, &shop(), generation, HOUR, 3).await;
    let (long, short, middle) = (keep_for(9, 3).await, keep_for(1, 3).await, keep_for(5, 3).await);
    assert_eq!(count(&world, tenant).await, 3);
    let longest = keep_for(12, 3).await;
    assert!(!is_kept(&world, tenant, short).await);
    // One that expires before all others is no exception.
    let shortest = keep_for(2, 3).await;
    assert!(!is_kept(&world, tenant, shortest).await);
    for stays in [long, middle, longest] {
        assert!(is_kept(&world, tenant, stays).await);
    }

    // What is only replaced makes no room necessary, but a bound that was lowered does.
    let replace = async |key, most| {
        let replaced = world
            .store
            .keep_visitor_token(tenant, key, generation, token(&world, 7 * HOUR), most);
        replaced.await.unwrap();
    };
    replace(middle, 3).await;
    assert_eq!(count(&world, tenant).await, 3);
    replace(middle, 2).await;
    assert!(!is_kept(&world, tenant, middle).await);
    assert!(is_kept(&world, tenant, long).await && is_kept(&world, tenant, longest).await);
    let last = keep_for(15, 1).await;
    assert_eq!(count(&world, tenant).await, 1);
    assert!(is_kept(&world, tenant, last).await);
    keep_for(20, 0).await;
    assert_eq!(count(&world, tenant).await, 0);
    assert!(is_kept(&world, &shop(), foreign).await, "a bound is a tenant's own");
}

pub async fn an_empty_token_is_refused_and_takes_no_place(world: World) {
    let (generation, tenant) = (hash(number()), &world.tenant);
    let first = keep(&world, tenant, generation, HOUR, 2).await;
    let empty = StoredToken {
        sealed: Vec::new(),
        expires_at: world.now() + HOUR,
    };
    for key in [first, hash(number())] {
        let refused = world
            .store
            .keep_visitor_token(tenant, key, generation, empty.clone(), 2);
        assert!(refused.await.is_err());
    }
    let second = keep(&world, tenant, generation, HOUR, 2).await;
    assert!(is_kept(&world, tenant, first).await && is_kept(&world, tenant, second).await);
}

/// The cache beside a plain list of what has to be in it, over some hundred changes of every kind.
pub async fn the_bound_holds_however_tokens_come_and_go(world: World) {
    const MOST: usize = 7;
    let generations = [hash(number()), hash(number()), hash(number())];
    let keys: Vec<SecretHash> = (0..20).map(|_| hash(number())).collect();
    let mut world = world;
    // By when each ends: no two end together, so it is clear which goes.
    let mut expected: BTreeMap<i64, (SecretHash, SecretHash)> = BTreeMap::new();
    let mut random = 1_u64;
    let mut pick = |among: usize| {
        // Knuth's MMIX generator: the same numbers in every run.
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(random >> 33).unwrap() % among
    };
    for step in 0..400 {
        world.clock.advance(Duration::from_mins(1));
        let (generation, tenant) = (generations[pick(3)], world.tenant.clone());
        let before = expected.len();
        let removed = match pick(20) {
            0 => {
                expected.retain(|_, (_, other)| *other != generation);
                Some(world.store.forget_visitor_tokens(&tenant, generation).await.unwrap())
            }
            1 => {
                expected.retain(|_, (_, other)| *other == generation);
                Some(world.store.forget_other_generations(&tenant, generation).await.unwrap())
            }
            2 | 3 => {
                expected.retain(|end, _| *end > world.now().millis());
                Some(world.store.remove_expired_identity(world.now()).await.unwrap())
            }
            4 => {
                world = world.restart();
                None
            }
            _ => {
                let key = keys[pick(keys.len())];
                let life = Duration::from_mins(pick(60) as u64) + Duration::from_millis(step);
                let kept = token(&world, life);
                expected.retain(|_, (other, _)| *other != key);
                expected.insert(kept.expires_at.millis(), (key, generation));
                while expected.len() > MOST {
                    expected.pop_first();
                }
                let keeping = world
                    .store
                    .keep_visitor_token(&tenant, key, generation, kept, MOST as u64);
                keeping.await.unwrap();
                None
            }
        };
        if let Some(removed) = removed {
            assert_eq!(removed, (before - expected.len()) as u64, "step {step}");
        }
        assert_eq!(count(&world, &tenant).await, expected.len() as u64, "step {step}");
        for (key, _) in expected.values() {
            assert!(is_kept(&world, &tenant, *key).await, "step {step}");
        }
    }
}

pub async fn tokens_that_arrive_together_keep_to_the_bound(world: World) {
    let generation = hash(number());
    let mut keeping = Vec::new();
    for minutes in 1..=100 {
        let (store, tenant) = (Arc::clone(&world.store), world.tenant.clone());
        let (key, kept) = (hash(number()), token(&world, Duration::from_mins(minutes)));
        keeping.push(tokio::spawn(async move {
            store
                .keep_visitor_token(&tenant, key, generation, kept, 10)
                .await
                .unwrap();
            key
        }));
    }
    let mut keys = Vec::new();
    for one in keeping {
        keys.push(one.await.unwrap());
    }
    assert_eq!(count(&world, &world.tenant).await, 10);
    for key in &keys[90..] {
        assert!(
            is_kept(&world, &world.tenant, *key).await,
            "those that expire last stay"
        );
    }
}

pub async fn a_revoked_key_empties_the_cache_of_what_came_by_it(world: World) {
    let (revoked, other, tenant) = (hash(number()), hash(number()), &world.tenant);
    let gone = [
        keep(&world, tenant, revoked, HOUR, MANY).await,
        keep(&world, tenant, revoked, HOUR, MANY).await,
    ];
    let stays = keep(&world, tenant, other, HOUR, MANY).await;
    let foreign = keep(&world, &shop(), revoked, HOUR, MANY).await;
    for removed in [2, 0] {
        let forgotten = world.store.forget_visitor_tokens(tenant, revoked).await;
        assert_eq!(forgotten.unwrap(), removed);
    }
    for key in gone {
        assert!(!is_kept(&world, tenant, key).await);
    }
    assert!(is_kept(&world, tenant, stays).await && is_kept(&world, &shop(), foreign).await);
}

pub async fn an_exchanged_key_leaves_only_what_came_by_the_new_one(world: World) {
    let (new, tenant) = (hash(number()), &world.tenant);
    let gone = [
        keep(&world, tenant, hash(number()), HOUR, MANY).await,
        keep(&world, tenant, hash(number()), HOUR, MANY).await,
    ];
    let stays = keep(&world, tenant, new, HOUR, MANY).await;
    let foreign = keep(&world, &shop(), hash(number()), HOUR, MANY).await;
    for removed in [2, 0] {
        let forgotten = world.store.forget_other_generations(tenant, new).await;
        assert_eq!(forgotten.unwrap(), removed);
    }
    for key in gone {
        assert!(!is_kept(&world, tenant, key).await);
    }
    assert!(is_kept(&world, tenant, stays).await && is_kept(&world, &shop(), foreign).await);
}

pub async fn tokens_past_their_time_are_not_counted(world: World) {
    let (generation, tenant) = (hash(number()), &world.tenant);
    for (who, hours) in [(tenant, 1), (tenant, 2), (&shop(), 3)] {
        keep(&world, who, generation, hours * HOUR, MANY).await;
    }
    let now = world.now();
    let at = async |tenant, moment| world.store.count_visitor_tokens(tenant, moment).await.unwrap();
    assert_eq!(at(tenant, now).await, 2);
    assert_eq!(at(tenant, now + HOUR).await, 1);
    assert_eq!(at(tenant, now + 2 * HOUR).await, 0);
    assert_eq!(at(&shop(), now + 2 * HOUR).await, 1);
}

pub async fn tokens_and_revoked_proofs_past_their_time_are_removed(world: World) {
    let (generation, now) = (hash(number()), world.now());
    let mut keys = Vec::new();
    for tenant in [world.tenant.clone(), shop()] {
        let widget = world.add_widget(&tenant).await;
        for hours in 1..=2 {
            let key = keep(&world, &tenant, generation, hours * HOUR, MANY).await;
            keys.push((tenant.clone(), key, hours));
            let (proof, until) = (hash(number()), now + hours * HOUR);
            assert!(world.store.revoke_proof(&tenant, &widget, proof, until).await.unwrap());
        }
    }
    let just_before = now + HOUR - Duration::from_millis(1);
    assert_eq!(world.store.remove_expired_identity(just_before).await.unwrap(), 0);
    for removed in [4, 0] {
        let answered = world.store.remove_expired_identity(now + HOUR).await;
        assert_eq!(answered.unwrap(), removed, "a token and a proof of each tenant");
    }
    for (tenant, key, hours) in &keys {
        assert_eq!(is_kept(&world, tenant, *key).await, *hours == 2);
    }
    assert_eq!(world.store.revoked_proofs(now).await.unwrap().len(), 2);
}
