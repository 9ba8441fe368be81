//! Calling a rep who looks elsewhere: a soft two-note ring made on the spot, and desktop notifications. Both are off
//! until the rep turns them on in this browser.

use std::cell::{Cell, RefCell};

use leptos::prelude::window;
use leptos::task::spawn_local;
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::{Closure, JsValue};
use web_sys::{
    AudioContext, AudioContextState, Notification, NotificationOptions, NotificationPermission, OscillatorType,
};

/// Two rings this close together are one, so that ten visitors at once do not sound like an alarm.
const QUIET_MILLISECONDS: f64 = 2_000.0;

/// The ring's notes: frequency in hertz (E5, A5) and the second at which each begins.
const NOTES: [(f32, f64); 2] = [(659.25, 0.0), (880.0, 0.17)];

/// How loud a note gets, of 1.
const LOUDNESS: f32 = 0.12;

/// How long a note takes to fade, in seconds.
const FADE: f64 = 0.6;

thread_local! {
    static AUDIO: RefCell<Option<AudioContext>> = const { RefCell::new(None) };
    static LAST_RING: Cell<f64> = const { Cell::new(f64::NEG_INFINITY) };
    static RESUMING: Cell<bool> = const { Cell::new(false) };
}

/// Rings once. A browser that has not yet seen the rep touch the page stays silent and rings at the first touch.
pub fn ring() {
    let now = js_sys::Date::now();
    if now - LAST_RING.get() < QUIET_MILLISECONDS {
        return;
    }
    LAST_RING.set(now);
    // A browser without sound, or one that refuses it, is no reason to disturb the inbox.
    drop(try_ring());
}

fn try_ring() -> Result<(), JsValue> {
    let context = AUDIO.with_borrow_mut(|slot| match slot {
        Some(context) => Ok::<_, JsValue>(context.clone()),
        None => AudioContext::new().map(|context| slot.insert(context).clone()),
    })?;
    if context.state() == AudioContextState::Running {
        return play(&context);
    }
    // Without this flag, every ring that was held back would sound at once.
    if RESUMING.replace(true) {
        return Ok(());
    }
    let resumed = context.resume()?;
    spawn_local(async move {
        let answer = resumed.await;
        RESUMING.set(false);
        if answer.is_ok() {
            drop(play(&context));
        }
    });
    Ok(())
}

fn play(context: &AudioContext) -> Result<(), JsValue> {
    for (frequency, begins) in NOTES {
        let start = context.current_time() + begins;
        let tone = context.create_oscillator()?;
        let volume = context.create_gain()?;
        tone.set_type(OscillatorType::Sine);
        tone.frequency().set_value(frequency);
        volume.gain().set_value_at_time(0.0001, start)?;
        volume
            .gain()
            .exponential_ramp_to_value_at_time(LOUDNESS, start + 0.02)?;
        volume.gain().exponential_ramp_to_value_at_time(0.0001, start + FADE)?;
        tone.connect_with_audio_node(&volume)?;
        volume.connect_with_audio_node(&context.destination())?;
        tone.start_with_when(start)?;
        tone.stop_with_when(start + FADE)?;
    }
    Ok(())
}

/// Whether this browser has desktop notifications at all; some offer them only over https, some never.
pub fn can_notify() -> bool {
    js_sys::Reflect::has(&window(), &"Notification".into()).unwrap_or(false)
}

/// Whether the rep has allowed them here.
pub fn may_notify() -> bool {
    can_notify() && Notification::permission() == NotificationPermission::Granted
}

/// Asks for the permission; must be called while the rep touches the page. `answer` gets whether it was given.
pub fn ask_to_notify(answer: impl FnOnce(bool) + 'static) {
    if !can_notify() {
        return answer(false);
    }
    // An old browser that answers by callback alone throws here; then there are no notifications.
    let Ok(asked) = Notification::request_permission() else {
        return answer(false);
    };
    spawn_local(async move {
        drop(asked.await);
        answer(may_notify());
    });
}

/// Shows a notification. One with the same `tag` replaces the one before it; a click brings the window forward and calls
/// `opened`.
pub fn notify(title: &str, text: &str, tag: &str, opened: impl FnOnce() + 'static) {
    if !may_notify() {
        return;
    }
    let options = NotificationOptions::new();
    options.set_body(text);
    options.set_tag(tag);
    // Some phones have the class and refuse to construct it.
    let Ok(notification) = Notification::new_with_options(title, &options) else {
        return;
    };
    let clicked = Closure::once_into_js({
        let notification = notification.clone();
        move || {
            drop(window().focus());
            notification.close();
            opened();
        }
    });
    notification.set_onclick(Some(clicked.unchecked_ref()));
}
