//! The portal written to, and the token given while the server runs.

use crate::world::{World, hash, number};

pub async fn the_first_portal_written_to_stays(world: World) {
    let note = |portal| world.store.note_portal(&world.tenant, portal);
    assert_eq!(note(7).await.unwrap(), 7);
    assert_eq!(note(8).await.unwrap(), 7);
    assert_eq!(world.store.portal(&world.tenant).await.unwrap().portal_id, Some(7));
}

pub async fn a_token_replaces_the_earlier_one_and_is_forgotten_by_its_generation(world: World) {
    let keep = |sealed: &str| {
        world
            .store
            .keep_hubspot_token(&world.tenant, sealed.as_bytes().to_vec(), world.now())
    };
    assert_eq!(keep("first").await.unwrap(), 1);
    let instead_of = hash(number());
    world.store.note_instead_of(&world.tenant, 1, instead_of).await.unwrap();
    world.store.note_portal(&world.tenant, 7).await.unwrap();
    let known = world.store.portal(&world.tenant).await.unwrap();
    assert_eq!((known.instead_of, known.portal_id), (Some(instead_of), Some(7)));

    assert_eq!(keep("second").await.unwrap(), 2);
    world.store.note_instead_of(&world.tenant, 1, instead_of).await.unwrap();
    world.store.forget_hubspot_token(&world.tenant, 1).await.unwrap();
    let world = world.restart();
    let known = world.store.portal(&world.tenant).await.unwrap();
    assert_eq!(known.token.as_deref(), Some(b"second".as_slice()));
    assert_eq!((known.generation, known.instead_of), (2, None));
    assert_eq!(known.connected_at, Some(world.now()));
    world.store.forget_hubspot_token(&world.tenant, 2).await.unwrap();
    let known = world.store.portal(&world.tenant).await.unwrap();
    assert_eq!((known.token, known.generation, known.portal_id), (None, 2, Some(7)));
}
