//! HubSpot's limits: how many calls in ten rolling seconds, how many searches in a second, how many calls in a day.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::Sandbox;
use crate::plan::Plan;

/// How much an account may call. The defaults are those of HubSpot's Professional tier.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Calls in any ten seconds, counted for each static token; `None` (JSON `null`) counts nothing and sends no such header.
    pub ten_seconds: Option<u32>,
    /// Calls in any ten seconds, counted for each public app over all its access tokens.
    pub oauth_ten_seconds: Option<u32>,
    /// Searches in any second, counted for the account. They are not counted against the ten seconds.
    pub search: Option<u32>,
    /// Calls with static tokens in a day, counted for the account, from midnight to midnight in its time zone; `None` refuses
    /// nothing. Public apps have no such limit.
    pub daily: Option<u32>,
    /// Seconds that a 429 names in `Retry-After`. HubSpot names none, and neither does the default.
    pub retry_after: Option<u32>,
}

impl Default for Limits {
    fn default() -> Self {
        Self::of(Plan::Professional, 0)
    }
}

impl Limits {
    /// The limits of a plan with so many API Limit Increases, as HubSpot's usage guidelines give them. HubSpot sells two at
    /// most, each for another million calls a day.
    #[must_use]
    pub const fn of(plan: Plan, increases: u8) -> Self {
        let (ten_seconds, daily) = match plan {
            Plan::Free | Plan::Starter => (100, 250_000),
            Plan::Professional => (190, 625_000),
            Plan::Enterprise => (190, 1_000_000),
        };
        Self {
            ten_seconds: Some(if increases == 0 { ten_seconds } else { 250 }),
            oauth_ten_seconds: Some(110),
            search: Some(5),
            daily: Some(daily + 1_000_000 * increases as u32),
            retry_after: None,
        }
    }

    /// No limits, for measuring.
    #[must_use]
    pub const fn off() -> Self {
        Self {
            ten_seconds: None,
            oauth_ten_seconds: None,
            search: None,
            daily: None,
            retry_after: None,
        }
    }
}

/// What calls are counted against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bucket<'a> {
    /// A private app or a service key: its token.
    Token(&'a str),
    /// A public app, by its number.
    App(u64),
}

impl Bucket<'_> {
    /// The name that a 429 of the ten-second limit gives. HubSpot's own name for public apps is not known.
    pub(crate) fn group_name(self) -> Cow<'static, str> {
        match self {
            Self::Token(_) => "publicapi:private-apps-api-calls-ten-secondly:sandbox".into(),
            Self::App(app_id) => format!("publicapi:public-apps-api-calls-ten-secondly:{app_id}").into(),
        }
    }
}

impl Sandbox {
    /// Sets new limits, which then stay whatever the plan becomes. What was used of the old ones stays used.
    pub fn set_limits(&self, limits: Limits) {
        let mut state = self.state();
        state.limits = limits;
        state.limits_follow_plan = false;
    }

    /// Sets how many calls a token has in ten seconds, whatever the plan becomes.
    pub fn set_limit(&self, ten_seconds: u32) {
        let mut state = self.state();
        state.limits.ten_seconds = Some(ten_seconds);
        state.limits_follow_plan = false;
    }

    /// The limits that are in force.
    #[must_use]
    pub fn limits(&self) -> Limits {
        self.state().limits.clone()
    }
}
