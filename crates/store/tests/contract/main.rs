//! What every backend of the store promises. A backend is one line in `backends!`; a promise is one function, listed once.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::too_many_lines,
    clippy::duration_suboptimal_units,
    reason = "a test may panic, makes its own ids, and walks through a list in one breath"
)]

mod appending;
mod dead_letters;
mod delivery;
mod due;
mod ending;
mod erasure;
mod forms;
mod identity;
mod leases;
mod listing;
mod notes;
mod people;
mod portals;
mod tenants;
mod visitors;
mod world;

/// Each promise as a test, for one backend.
macro_rules! promises {
    ($backend:ty; $($area:ident { $($promise:ident,)* })*) => {
        $($(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $promise() {
                crate::$area::$promise(crate::world::World::new::<$backend>().await).await;
            }
        )*)*
    };
}

macro_rules! backends {
    ($($name:ident => $backend:ty,)*) => {
        $(mod $name {
            promises! { $backend;
                appending {
                    a_message_gets_the_next_seq_and_the_commits_time,
                    a_resend_is_the_same_message,
                    the_same_id_with_other_text_or_another_writer_is_a_conflict,
                    the_same_id_in_another_conversation_is_another_message,
                    twins_that_arrive_together_are_one_message,
                    of_two_texts_under_one_id_that_arrive_together_one_is_kept,
                    fifty_writers_at_once_leave_no_gap,
                    a_visitor_cannot_write_into_anothers_conversation,
                    nobody_can_write_into_a_conversation_that_is_not_there,
                    a_visitors_message_opens_a_closed_conversation_and_a_reps_does_not,
                    a_resend_does_not_open_a_closed_conversation,
                    time_does_not_go_back_within_a_conversation,
                    a_restart_keeps_everything,
                    a_caller_that_goes_away_disturbs_nobody,
                    text_comes_back_as_it_was,
                    messages_come_in_pages,
                    a_failing_job_does_not_spoil_those_committed_with_it,
                }
                listing {
                    every_change_gets_a_greater_number_of_its_own,
                    the_list_resumes_from_a_change_number,
                    the_list_goes_back_in_pages,
                    a_line_tells_what_the_inbox_shows,
                    a_reading_mark_never_goes_back_nor_past_the_last_message,
                    closing_twice_changes_nothing,
                    a_conversation_comes_back_as_it_was_registered,
                }
                visitors {
                    a_visitor_comes_back_as_registered,
                    an_id_registers_once,
                    a_code_is_exchanged_once,
                    a_code_past_its_time_is_gone,
                    a_code_is_gone_even_when_its_token_cannot_be_kept,
                    a_token_holds_until_its_time,
                    a_token_is_no_code,
                    expired_secrets_are_removed,
                }
                forms {
                    the_same_form_again_is_the_same_visitor,
                    the_same_form_many_times_at_once_is_one_visitor,
                    another_form_or_none_is_another_visitor,
                    a_form_counts_until_its_time_and_then_registers_anew,
                    held_or_not_is_as_the_form_first_came,
                    a_form_opens_nothing_by_itself,
                    a_registration_that_failed_leaves_its_form_free,
                    a_visitor_may_get_another_code,
                    forms_past_their_time_are_removed,
                }
                people {
                    a_widget_is_found_by_its_key_and_listed_in_order,
                    a_widgets_origins_are_replaced_by_its_own_tenant_alone,
                    a_widgets_name_is_unique_within_its_tenant,
                    a_reps_address_is_unique_over_the_installation,
                    a_new_password_raises_its_version,
                    a_sessions_id_is_taken_once,
                    a_saved_session_replaces_the_earlier_one,
                    a_session_past_its_time_is_absent_and_removed,
                    a_setting_is_replaced,
                    a_probe_commits,
                }
                identity {
                    a_widget_proves_nobody_until_it_is_told_how,
                    a_widgets_identity_may_be_changed_in_all_it_has,
                    what_a_change_does_not_name_stays_and_a_revocation_never_moves_back,
                    changes_made_at_once_are_all_kept,
                    only_a_tenants_own_widget_has_an_identity,
                    an_empty_secret_is_refused_and_the_earlier_one_stays,
                    a_proof_is_revoked_until_the_latest_moment_asked_for,
                    a_server_that_starts_learns_of_every_revoked_proof_that_still_counts,
                    a_token_comes_back_until_its_time_and_after_a_restart,
                    a_token_replaces_the_earlier_one_of_its_key,
                    beyond_the_bound_the_tokens_that_expire_first_go,
                    an_empty_token_is_refused_and_takes_no_place,
                    the_bound_holds_however_tokens_come_and_go,
                    tokens_that_arrive_together_keep_to_the_bound,
                    a_revoked_key_empties_the_cache_of_what_came_by_it,
                    an_exchanged_key_leaves_only_what_came_by_the_new_one,
                    tokens_past_their_time_are_not_counted,
                    tokens_and_revoked_proofs_past_their_time_are_removed,
                }
                erasure {
                    the_forgotten_leave_tombstones_that_take_nothing_in,
                    an_address_forgotten_while_its_contact_was_looked_up_is_not_linked,
                    a_records_erasure_is_due_until_it_is_finished,
                    notes_of_the_forgotten_are_ordered_to_go_and_shared_ones_to_be_written_again,
                    a_refused_record_is_tried_again_and_a_deleted_one_ends_the_erasure,
                    a_merge_takes_the_erasure_along,
                    only_what_is_quiet_delivered_and_confirmed_expires,
                    an_adopted_note_is_filled_with_what_it_was_found_to_hold,
                }
                notes {
                    a_planned_note_comes_back_as_it_was_planned,
                    messages_stand_in_notes_once_the_note_is_filled,
                    a_note_that_gets_more_has_to_be_filled_again,
                    a_merge_takes_the_notes_along,
                    after_a_restore_every_unfinished_note_is_doubted,
                }
                tenants {
                    no_method_reaches_into_another_tenant,
                    sql_in_a_text_is_text,
                }
                delivery {
                    a_registration_orders_its_contact_once,
                    a_held_registration_orders_nothing_until_it_is_released,
                    the_newest_names_that_are_not_held_go_to_the_contact,
                    a_postponed_address_waits_and_counts,
                    a_refused_address_rests_until_somebody_registers_with_it_again,
                    undelivered_messages_make_a_record_dirty_and_delivery_makes_it_clean,
                    delivered_never_goes_back,
                    records_that_waited_longest_come_first,
                    a_postponed_record_waits_counts_and_keeps_its_doubt,
                    an_unclear_write_is_due_to_be_confirmed_at_its_time,
                    a_full_record_is_worked_on_like_any_other,
                    a_value_sent_shortly_before_the_program_ended_is_to_be_confirmed,
                    a_record_out_of_delivery_is_not_dirty_until_it_is_live_again,
                    deleted_text_is_not_resurrected_in_a_new_contact,
                    a_restored_record_gets_all_of_its_text_again,
                    a_merge_moves_everything_and_writes_it_again,
                    a_merge_into_a_record_once_deleted_brings_that_back,
                    what_was_delivered_before_a_merge_does_not_count_after_it,
                    values_are_remembered_before_they_are_sent,
                    a_transcript_holds_what_is_not_held,
                    the_next_due_moment_is_the_earliest_of_all,
                    the_backlog_counts_conversations_with_something_to_deliver,
                    the_oldest_undelivered_message_is_the_oldest_that_is_still_to_go_out,
                }
                due {
                    a_first_message_is_due_soon_and_later_ones_after_quiet,
                    whatever_follows_the_oldest_message_waits_no_longer_than_allowed,
                    the_end_of_a_conversation_makes_it_due_at_once,
                    a_record_due_for_one_conversation_is_due_as_a_whole,
                    a_record_put_off_waits_however_long_its_messages_have_been_due,
                }
                ending {
                    conversations_without_messages_for_long_end_by_themselves,
                    an_end_is_summed_up_once_and_again_after_it_went_on,
                    only_ends_that_lead_to_a_record_are_to_be_summed_up,
                }
                leases {
                    a_lease_is_one_holders_until_it_has_ended_and_its_grace_has_passed,
                    a_holder_whose_lease_is_anothers_notes_nothing_to_send,
                    a_lease_given_back_is_free_at_once_and_its_token_never_comes_again,
                    a_server_that_starts_finds_its_leases_free_and_the_tokens_greater,
                }
                dead_letters {
                    what_fails_for_seven_days_becomes_a_dead_letter,
                    a_success_in_between_begins_the_seven_days_anew,
                    time_in_which_hubspot_was_away_does_not_count,
                    a_replayed_letter_goes_out_as_if_it_had_never_failed,
                    writing_again_takes_up_what_was_delivered_too_but_brings_no_deleted_contact_back,
                }
                portals {
                    the_first_portal_written_to_stays,
                    a_token_replaces_the_earlier_one_and_is_forgotten_by_its_generation,
                }
            }
        })*
    };
}

backends! {
    sqlite => crate::world::Sqlite,
}
