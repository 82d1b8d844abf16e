//! The list of the cases, and the macro that makes tests of them.

/// Makes a test of every case. `$open` is the absolute path (`crate::fresh`) of an `async fn` that gives a
/// [`crate::Database`] of its own to each of them.
#[macro_export]
macro_rules! suite {
    ($open:path) => {
        $crate::all_cases! { tests_of $open; }
    };
}

/// The list, for the macro of this name.
#[doc(hidden)]
#[macro_export]
macro_rules! all_cases {
    ($make:ident $($with:tt)*) => {
        $crate::$make! { $($with)*
            accounts {
                addresses {
                    addresses_are_kept_oldest_first
                    an_address_is_overwritten_in_its_place
                    wrong_addresses_are_refused
                    nobody_touches_the_addresses_of_others
                    a_removed_address_is_gone
                    an_account_keeps_only_so_many
                }
                change_email {
                    it_is_confirmed_at_the_new_address_and_told_to_the_old
                    an_old_address_that_nobody_proved_is_greeted_by_no_name
                    it_needs_the_current_password
                    the_address_that_one_has_is_refused
                    an_address_of_somebody_else_gets_a_notice_and_no_code
                    an_address_that_was_taken_meanwhile_is_refused
                    a_code_is_good_once_for_ten_minutes_and_five_tries
                    what_was_sent_to_the_old_address_is_void
                    without_a_request_no_code_is_right
                    five_codes_an_hour_are_mailed
                }
                create_owner {
                    the_command_line_makes_owners
                    the_set_up_link_makes_one_owner
                    a_new_link_replaces_the_old_one
                    without_a_link_none_is_good
                    an_owner_makes_waiting_links_void
                }
                delete_account {
                    nothing_personal_stays
                    nothing_is_left_in_what_was_answered_nor_of_devices
                    nothing_is_left_in_what_the_staff_were_answered
                    what_the_staff_were_answered_about_an_open_order_goes_when_it_has_left
                    what_was_answered_to_who_is_no_longer_staff_is_found_too
                    what_was_written_about_an_order_goes_when_it_is_closed
                    what_let_one_of_the_staff_in_goes_with_them
                    its_owner_gives_the_password
                    a_locked_account_can_be_deleted_by_the_staff
                    who_works_in_the_shop_is_deleted_by_nobody_else
                    orders_stay_without_the_buyer
                    an_open_order_keeps_its_address_until_it_has_left
                    others_keep_what_is_theirs
                    the_address_is_free_again
                    the_last_owner_stays
                    a_deleted_account_can_do_nothing_more
                    a_buyer_who_is_gone_is_not_mailed
                }
                passwords {
                    a_change_ends_the_other_sessions_and_tells_the_owner
                    a_change_without_the_current_password_is_refused
                    a_change_voids_a_waiting_reset
                    a_reset_ends_all_sessions_and_proves_the_address
                    a_reset_makes_its_address_known_and_signs_nobody_in
                    a_token_is_good_once
                    a_token_is_known_to_be_good_before_it_is_used
                    a_change_leaves_the_budget_of_codes_as_it_is
                    a_token_is_good_for_ten_minutes
                    a_new_token_replaces_the_old_one
                    an_unknown_token_is_refused
                    a_code_for_something_else_resets_nothing
                    nobody_is_mailed_for_an_unknown_disabled_or_deleted_account
                    a_token_of_an_account_that_was_disabled_meanwhile_is_refused
                    five_tokens_an_hour_are_mailed
                    a_token_that_a_clock_ahead_mailed_is_refused
                }
                refresh_session {
                    a_token_is_exchanged_for_its_successor
                    a_session_that_is_refreshed_outlives_its_first_day_of_expiry
                    a_session_that_a_clock_ahead_refreshed_is_refused
                    a_second_tab_gets_the_same_successor
                    an_old_token_ends_the_family
                    a_token_whose_successor_was_used_ends_the_family_at_once
                    tokens_of_ended_sessions_and_unknown_tokens_are_refused
                    a_disabled_account_refreshes_nothing
                    an_unused_token_names_its_session
                }
                sessions {
                    the_right_password_signs_in
                    a_password_that_was_replaced_meanwhile_lets_nobody_in
                    a_better_hash_of_the_same_password_is_kept
                    an_unproven_address_signs_in_only_where_that_is_allowed
                    disabled_and_deleted_accounts_do_not_sign_in
                    a_session_ends_at_once_and_the_others_go_on
                    nobody_ends_a_session_that_is_not_theirs_or_has_ended
                    all_sessions_end_at_once
                    an_account_has_only_so_many
                    sessions_of_a_clock_that_was_ahead_make_room_first
                    a_session_ends_by_itself
                    a_session_that_is_used_lives_on
                    a_session_that_is_over_cannot_be_used_back_to_life
                }
                set_access {
                    a_disabled_account_has_no_sessions_at_once
                    the_lock_counts_even_for_a_session_that_was_not_ended
                    an_enabled_account_signs_in_anew
                    a_change_of_role_ends_the_sessions
                    what_changes_nothing_ends_nothing
                    who_has_not_proven_the_address_stays_a_customer
                    who_was_invited_and_never_came_becomes_no_owner
                    who_may_do_what_takes_the_password
                    a_customer_has_no_permissions
                    staff_may_lock_customers_and_nothing_more
                    the_last_owner_stays
                    a_disabled_owner_does_not_count
                    stale_versions_and_missing_accounts_are_refused
                }
                sign_up {
                    a_new_address_gets_an_account_and_a_code
                    a_known_address_gets_a_notice_and_stays_as_it_is
                    an_unproven_address_goes_to_the_last_who_signed_up
                    five_codes_an_hour_are_mailed
                    a_sign_up_beyond_the_budget_changes_nothing
                    five_notices_an_hour_are_mailed
                    addresses_compare_without_case
                    names_that_could_inject_a_header_are_refused
                    names_of_any_script_come_back_as_they_were
                    signing_up_at_once_signs_in
                    signing_up_at_once_with_a_known_address_is_refused
                }
                update_profile {
                    what_is_given_changes_and_the_rest_stays
                    what_changes_nothing_is_no_change
                    a_stale_version_is_refused
                    wrong_names_and_numbers_are_refused
                    unusable_accounts_are_refused
                }
                verify_email {
                    the_code_proves_the_address_and_signs_in
                    a_code_does_not_sign_staff_in
                    a_code_is_good_only_with_the_password_of_the_sign_up
                    a_code_is_good_once
                    a_code_is_good_for_ten_minutes
                    five_wrong_codes_void_the_right_one
                    a_code_belongs_to_one_account
                    a_new_code_replaces_the_old_one_and_brings_new_tries
                    resending_is_rationed_together_with_signing_up
                    resending_to_an_unknown_or_proven_address_mails_nothing
                    a_disabled_account_cannot_prove_its_address
                }
            }
            catalogue {
                attributes {
                    values_are_what_is_defined
                    what_no_definition_takes_any_more_lets_others_be_changed
                    keys_are_unique
                    stale_versions_and_missing_definitions_are_refused
                }
                collections {
                    a_collection_is_kept_as_it_was_given
                    what_a_rule_asks_for_has_names_that_can_be_kept
                    slugs_are_unique_and_old_ones_lead_on
                    stale_versions_and_missing_collections_are_refused
                    one_is_found_by_its_id_among_others
                }
                change_listed {
                    a_list_is_changed_in_one_step
                    one_wrong_change_of_a_list_stops_all_of_them
                    two_who_count_in_the_list_change_it_once
                }
                generate_variants {
                    every_combination_that_lacks_is_made
                    a_simple_product_gets_options
                    more_than_anybody_means_is_refused
                    another_option_is_added_to_what_is_there
                    a_value_that_a_variant_has_is_not_taken_away
                    a_value_gets_another_name_with_its_stock
                }
                prices {
                    a_sale_begins_and_ends_by_itself
                    a_sale_that_a_clock_ahead_saved_or_turned_begins_and_ends_all_the_same
                    no_sale_is_shorter_than_what_is_kept_of_its_times
                    the_lowest_price_of_thirty_days_stands_beside_a_reduction
                    an_order_is_in_the_currency_that_is_asked_for
                    a_draft_is_published_when_it_is_time
                    what_was_published_once_can_be_taken_off_sale
                    only_drafts_go_on_sale_by_themselves
                    what_nobody_was_asked_is_no_lowest_price
                    a_history_begins_with_the_publication_by_the_clock
                    a_sale_that_is_over_does_not_hold_the_price
                    a_new_product_may_have_a_sale_behind_it
                    wrong_prices_are_refused
                    the_history_of_a_removed_variant_goes_with_it
                }
                categories {
                    a_category_comes_back_as_it_was_made
                    made_slugs_give_way_and_chosen_ones_do_not
                    a_change_keeps_what_it_does_not_name
                    a_category_cannot_hang_below_itself
                    the_tree_has_a_greatest_depth
                    stale_versions_and_missing_categories_are_refused
                    a_removed_category_leaves_its_products
                    a_category_that_a_rule_names_stays
                    a_category_moves_among_its_siblings_and_elsewhere
                    an_old_slug_leads_on
                }
                create_product {
                    a_product_comes_back_as_it_was_made
                    the_first_stock_is_in_the_ledger
                    made_slugs_give_way_and_chosen_ones_do_not
                    slugs_alike_are_told_apart
                    long_titles_get_slugs_too
                    skus_are_unique_in_the_shop
                    wrong_drafts_are_refused_with_every_mistake
                }
                delete_product {
                    a_product_that_was_never_ordered_is_erased
                    a_product_that_was_ordered_is_archived
                    a_cancelled_order_counts_too
                    a_refused_order_does_not_count
                    a_stale_version_is_refused
                }
                import_lines {
                    an_export_changes_nothing_when_it_comes_back
                    values_that_no_definition_takes_stay
                    an_older_export_finds_what_was_renamed
                    what_a_line_says_is_taken
                    what_is_named_must_be_there
                }
                import_products {
                    an_import_can_be_repeated_without_duplicates
                    a_draft_in_a_file_stays_one_however_often_it_comes
                    stock_of_known_variants_is_left_alone
                    new_variants_come_and_unnamed_ones_stay
                    variants_are_recognised_by_their_sku
                    one_bad_product_stops_all_of_them
                    an_export_changes_nothing_when_it_comes_back
                    a_picture_that_is_missing_leaves_the_shops_own_alone
                    a_price_list_sets_prices_and_stock
                    an_exported_list_brings_no_sold_pieces_back
                    a_product_that_got_another_slug_is_not_doubled
                    what_a_file_cannot_say_stays
                    names_that_differ_by_a_sign_are_two_categories
                    a_file_without_prices_leaves_them_as_they_are
                    a_column_that_is_not_there_leaves_its_field_alone
                    an_empty_field_takes_away_what_was_there
                    a_file_changes_no_amount_into_another_currency
                    a_known_variant_takes_a_new_sku
                    a_sale_that_is_over_comes_back_with_its_product
                }
                count_stock {
                    what_was_sold_since_stays_sold
                    two_who_count_the_same_shelf_change_it_once
                    a_count_that_agrees_changes_nothing
                    wrong_counts_are_refused
                    a_shelf_is_of_one_moment
                }
                move_stock {
                    a_movement_is_in_the_ledger_and_in_the_level
                    the_cause_goes_by_the_sign_unless_it_is_given
                    stock_never_falls_below_zero_nor_rises_beyond_measure
                    less_is_always_right
                    wrong_movements_are_refused
                    stock_that_is_not_tracked_does_not_move
                }
                update_product {
                    what_is_given_changes_and_the_rest_stays
                    everything_can_be_changed
                    the_list_of_variants_is_the_list_that_the_product_has
                    siblings_swap_their_skus
                    an_ordered_variant_stays
                    stock_changes_by_movements_alone
                    wrong_lists_of_variants_are_refused
                    slugs_and_skus_of_others_are_refused
                    stale_versions_and_missing_products_are_refused
                    stock_does_not_count_as_a_change
                    an_old_slug_leads_on
                }
                variants {
                    a_new_variant_comes_last_with_its_stock
                    wrong_new_variants_are_refused
                    what_is_given_changes_and_the_rest_stays
                    wrong_changes_are_refused
                    a_removed_variant_is_gone_with_its_ledger
                    the_last_variant_and_ordered_ones_stay
                }
            }
            orders {
                correct_order {
                    a_wrong_address_is_corrected_until_the_parcel_leaves
                    a_correction_is_checked_as_an_order_is
                    a_corrected_address_is_forgotten_with_its_owner
                    a_parcel_gets_its_number_later
                    a_number_of_a_parcel_is_taken_back
                    an_order_is_corrected_before_it_moves_on_or_not_at_all
                    a_correction_brings_back_nobody_who_leaves_meanwhile
                    a_book_of_the_orders_hears_of_corrected_addresses
                }
                idempotent {
                    a_repeated_request_gets_the_same_reply
                    a_key_is_for_one_request
                    a_refusal_stores_nothing
                    a_refused_key_can_be_used_for_another_request
                    a_key_is_free_when_the_order_costs_otherwise
                    keys_belong_to_an_account_and_a_route
                    without_a_key_everything_is_done_each_time
                    replies_are_kept_byte_for_byte
                }
                move_order {
                    what_is_lost_is_not_put_back
                    an_order_goes_its_way_and_its_timeline_tells
                    every_other_move_is_refused_with_the_allowed_ones
                    a_cancellation_gives_the_stock_back_once
                    a_buyer_may_cancel_twice_and_it_is_done_once
                    staff_cancel_confirmed_orders_too
                    buyers_cancel_what_is_theirs_and_nothing_more
                    a_shipment_can_be_followed
                    every_status_is_told_to_the_buyer
                    strangers_are_not_written_to_in_the_buyers_words
                    a_refused_move_mails_nothing
                    stale_versions_and_wrong_notes_are_refused
                }
                place_order {
                    a_shop_takes_orders_when_and_where_it_says
                    a_shop_takes_orders_in_its_currencies_alone
                    an_order_comes_back_as_it_was_placed
                    the_stock_is_taken_and_the_ledger_says_why
                    two_lines_of_one_variant_are_summed
                    two_lines_cannot_oversell_together
                    every_short_line_is_named_and_nothing_is_taken
                    what_is_not_active_or_unknown_is_not_for_sale
                    what_is_not_tracked_never_runs_out
                    wrong_requests_are_refused
                    the_largest_order_fits
                    an_order_is_in_one_currency
                    an_order_that_comes_to_another_total_than_was_told_is_not_placed
                    a_price_that_changes_in_between_is_not_charged_unseen
                    of_orders_at_one_moment_those_that_were_told_another_total_are_refused
                    numbers_ascend_and_are_not_given_twice
                    the_buyer_gets_a_mail
                    an_order_survives_changes_of_its_product
                    unusable_accounts_buy_nothing
                    offers_leave_out_what_is_not_there
                }
            }
            jobs {
                work {
                    a_lease_by_a_wrong_clock_is_over
                    each_job_is_taken_by_one
                    whoever_goes_on_begins_where_the_last_one_ended
                    a_job_stays_where_it_is_when_the_shop_has_another_currency
                    a_job_tells_what_it_was_interrupted_by_until_it_goes_on
                    a_job_that_ends_whoever_takes_it_fails
                    a_job_that_is_handed_back_is_taken_at_once_as_often_as_need_be
                    a_job_whose_file_is_read_in_another_way_does_not_go_on
                    work_that_is_refused_is_not_counted
                    a_job_that_says_that_it_goes_on_stays_where_it_is
                    jobs_with_pictures_are_taken_apart
                    pictures_that_are_missing_are_told_and_counted
                    a_file_with_mistakes_does_nothing_unless_told_to_go_on
                    a_job_that_is_stopped_does_no_more
                    a_job_ends_with_the_permission_of_whoever_asked_for_it
                    few_wait_and_old_ones_are_forgotten
                }
            }
            mail {
                enqueue_test_mail {
                    it_waits_in_the_outbox
                    it_is_in_the_audit_log_without_its_address
                }
                keep_mails {
                    the_oldest_come_first_and_are_sent_with_their_secrets
                    what_is_leased_or_settled_or_not_due_stays_as_it_is
                    what_waits_for_a_mail_server_is_left
                }
                lease_mails {
                    mails_are_handed_out_oldest_first_and_once
                    a_lease_that_is_over_gives_the_mail_back
                    what_waits_for_a_time_that_a_wrong_clock_said_is_due
                    what_waits_longer_than_a_worker_allows_is_due
                    what_is_not_due_or_settled_is_not_handed_out
                    a_mail_that_never_comes_to_an_end_is_given_up
                    a_lease_beyond_the_end_of_time_is_refused
                    mails_about_an_order_go_out_in_their_order
                    mails_about_an_order_go_out_in_the_order_in_which_they_came
                    a_mail_to_another_address_holds_up_nothing
                }
                record_deliveries {
                    a_mail_that_was_sent_loses_its_secret
                    the_mailbox_keeps_secrets
                    a_deferred_mail_backs_off_and_comes_again
                    a_mail_that_is_deferred_for_ever_is_given_up_visibly
                    crashes_of_the_program_leave_a_mail_its_tries
                    a_rejected_mail_is_given_up_at_once
                    an_outage_gives_no_mail_up
                    mails_that_are_gone_are_passed_over_when_asked_to
                    a_late_word_of_an_outage_takes_nothing_back
                    a_late_word_takes_nothing_back
                    that_a_mail_was_sent_counts_whenever_it_is_heard
                }
                resend_mail {
                    a_sent_mail_goes_out_again_with_all_its_tries
                    a_failed_mail_with_its_secret_goes_out_again
                    a_mail_whose_secret_was_wiped_is_refused
                    a_waiting_mail_becomes_due_at_once
                    a_mail_that_is_being_sent_is_left_to_whoever_sends_it
                    an_unknown_mail_is_refused
                }
            }
            shop {
                bring_over {
                    an_account_that_nobody_proved_goes_to_whoever_has_the_old_one
                    an_account_that_was_invited_to_work_here_stays_as_it_is
                    of_two_that_nobody_proved_neither_password_is_good
                    an_account_does_not_come_back_by_another_id
                    an_account_that_was_proven_here_stays_as_it_is
                    nothing_personal_comes_back_to_an_account_that_was_erased
                    the_real_thing_takes_the_place_of_a_stand_in
                    what_the_staff_archived_is_no_stand_in
                }
                demo {
                    an_empty_shop_becomes_one_and_stays_one
                    a_shop_with_an_owner_or_products_does_not_become_one
                    one_whose_only_owner_is_that_of_the_demonstration_is_one
                    one_that_has_another_owner_beside_that_is_none
                }
                keys {
                    other_keys_than_before_are_told_once
                }
                maintenance {
                    a_copy_is_made_of_the_live_database_and_overwrites_nothing
                    a_database_that_works_says_so
                    the_change_counter_moves_with_every_change
                }
                primitives {
                    loads_that_find_nothing_say_so
                    accounts_load_with_their_password
                    changes_of_rows_that_are_not_there_are_broken
                    changes_that_may_find_nothing_find_nothing
                    the_schema_stops_what_the_code_should_have_refused
                    a_list_of_changes_is_stored_whole_or_not_at_all
                    a_transaction_reads_its_own_writes
                    a_refused_transaction_leaves_nothing
                    values_of_the_shop_are_replaced_and_removed
                    challenges_come_back_as_they_were_put
                    odd_values_come_back_as_they_were
                }
                sweep {
                    keys_are_kept_for_their_days
                    sessions_that_ended_or_expired_long_ago_are_removed
                    challenges_that_expired_long_ago_are_removed
                    what_every_index_has_read_is_removed_from_the_feed
                    what_is_still_needed_stays
                    one_of_several_takes_the_turn_and_the_next_one_an_hour_later
                    a_clock_that_is_ahead_for_a_while_removes_nothing
                    keys_of_a_clock_that_was_ahead_keep_no_others
                    a_key_of_a_clock_that_was_behind_takes_no_others_with_it
                    time_is_counted_once_however_many_ask
                }
            }
            staff {
                api_keys {
                    a_key_may_what_it_names_and_its_owner_may
                    whoever_a_key_acts_for_is_told_of_it
                    nobody_makes_a_key_that_may_more_than_they
                    a_password_that_was_replaced_meanwhile_makes_no_key
                    a_key_ends_when_it_is_over_or_ended
                }
                invitations {
                    nobody_is_invited_to_do_nothing
                    who_is_invited_chooses_a_password_within_three_days
                    a_link_is_good_for_no_longer
                    a_customer_who_is_invited_becomes_staff
                    nobody_gets_in_with_a_password_that_was_there_before_the_address_was_proven
                    what_a_stranger_wrote_into_an_unproven_account_goes_with_the_invitation
                    only_owners_invite
                    nobody_voids_an_invitation_by_asking_for_another_link
                    a_customer_who_was_invited_can_forget_the_password
                    who_has_not_answered_can_be_invited_again
                    who_is_no_longer_owner_invites_nobody
                    a_password_that_was_replaced_meanwhile_invites_nobody
                }
                saved_views {
                    everybody_has_their_own_by_name
                    there_are_only_so_many_with_good_names
                }
                second_factor {
                    an_owner_takes_ways_in_from_others_of_the_staff_and_the_log_says_from_whom
                    a_code_and_those_before_it_are_used_up
                    a_recovery_code_is_good_once
                    of_many_who_present_one_code_at_once_one_gets_in
                    without_one_no_code_is_right
                    a_password_that_was_replaced_meanwhile_neither_sets_nor_removes_one
                    who_does_not_work_in_the_shop_gets_none
                    whoever_runs_the_program_takes_one_away_and_the_log_says_so
                }
                audit {
                    a_change_says_what_changed_and_by_whom
                    prices_are_told_with_their_figures
                    no_line_of_a_long_change_is_left_out
                    a_collection_says_what_changed
                    a_rehearsal_tells_what_would_be_done_and_does_nothing
                    each_kind_of_change_is_in_it
                    what_was_refused_is_not_in_it
                    a_repeated_request_is_in_it_once
                    it_is_filtered_and_read_page_by_page
                    nothing_in_it_can_be_written_twice
                }
                low_stock {
                    each_is_told_of_once_until_it_has_enough_again
                    what_becomes_short_behind_many_others_is_told_too
                    processes_that_look_at_once_tell_once
                }
                notes {
                    they_stand_in_their_order_with_what_they_are_about
                    those_written_at_once_are_all_there
                    those_about_a_customer_go_with_the_account
                    the_log_says_about_whom_and_which_order_they_are
                }
                reports {
                    sales_are_counted_by_day_without_what_was_cancelled
                    best_sellers_go_by_pieces
                    a_book_of_the_orders_sums_up_what_the_engine_does
                    orders_placed_at_once_are_all_in_a_book_that_follows
                    what_is_short_comes_shortest_first
                    all_that_is_short_is_met_page_by_page
                    a_variant_is_short_from_its_own_threshold_on
                    what_waits_is_counted
                    orders_are_found_by_name_and_sku
                    orders_are_found_by_the_numbers_of_their_parcels
                }
                settings {
                    a_shop_that_has_set_nothing_has_the_default_ones
                    one_of_several_who_set_them_at_once_is_heard
                    the_currency_is_chosen_before_the_first_product
                    a_product_is_priced_in_what_the_shop_sells_in_by_then
                    an_import_is_priced_in_what_the_shop_sells_in_by_then
                    the_first_product_and_another_currency_do_not_come_at_once
                    a_currency_that_a_form_only_shows_is_not_written_down
                }
            }
            queries {
                feed {
                    every_change_of_a_product_is_in_the_feed
                    stock_is_in_the_feed_when_there_is_none_any_more
                    the_feed_is_read_in_pages
                    a_follower_misses_nothing
                    products_are_read_by_their_ids_and_in_parts
                    what_is_shown_of_products_is_read_by_their_ids
                }
                accounts {
                    accounts_are_listed_newest_first_without_deleted_ones
                    accounts_are_found_by_role_and_text
                    accounts_are_paged
                    single_accounts_are_found
                    live_sessions_are_listed_last_used_first
                    addresses_of_the_network_are_known_once_used
                }
                mails {
                    each_filter_finds_its_mails
                    an_account_s_mails_are_found_whatever_its_address_was
                    mails_are_paged
                }
                movements {
                    the_ledger_is_paged_newest_first
                    movements_that_are_added_meanwhile_disturb_no_page
                    categories_are_listed_by_position_and_name
                }
                orders {
                    orders_are_listed_whole_and_newest_first
                    each_filter_finds_its_orders
                    orders_of_deleted_buyers_are_found_without_their_address
                    orders_are_paged_with_every_filter
                    orders_of_one_moment_are_paged_too
                    orders_that_are_added_meanwhile_disturb_no_page
                    a_page_after_the_last_item_is_empty
                }
                product_filters {
                    by_status
                    by_category_with_all_below_it
                    by_variant
                    by_words_in_title_vendor_tags_and_skus
                    what_changed_is_found_by_its_new_words_alone
                    by_tag_without_case
                    by_price_of_one_variant
                    by_sale
                    by_stock_as_it_is_now
                    everything_that_is_asked_must_hold
                }
                product_pages {
                    every_order_is_paged_once_and_in_order
                    filters_and_pages_go_together
                    products_that_are_added_meanwhile_disturb_no_page
                    a_page_has_an_end_only_where_there_is_more
                    forged_cursors_break_nothing
                    a_cursor_of_a_time_that_is_not_begins_at_one_end
                    single_products_are_found_whatever_their_status
                }
            }
            community {
                reviews {
                    a_review_counts_when_it_is_approved
                    who_changes_a_rejected_review_does_not_bring_it_back
                    an_edit_that_changes_nothing_hides_nothing
                    a_customer_reviews_a_product_once
                    a_purchase_is_verified_by_an_order
                    a_purchase_that_was_cancelled_is_none_when_the_review_is_looked_at
                    an_edit_counts_in_the_place_of_what_was_there
                    ratings_are_right_under_concurrency
                    reports_are_counted_once_for_each_customer
                    lists_are_filtered_newest_first
                    lists_are_sorted_and_stars_are_counted
                    they_go_with_their_product_and_their_author
                }
                stock_alerts {
                    a_mail_is_sent_once_when_stock_arrives
                    an_unproven_address_is_greeted_by_no_name
                    what_can_be_bought_needs_no_waiting
                    nobody_waits_for_more_than_can_be_kept
                    stock_that_is_gone_again_is_not_told_of
                    a_locked_account_is_not_written_to
                    what_is_not_for_sale_waits_until_it_is
                    who_is_gone_waits_no_longer
                }
                wishlists {
                    products_are_kept_in_the_order_in_which_they_came
                    nothing_is_lost_when_much_comes_at_once
                    a_link_opens_it_until_it_is_taken_back
                    it_goes_when_its_owner_comes_at_last
                    it_goes_with_its_owner
                }
            }
            concurrency {
                accounts {
                    sign_ups_with_one_address_make_one_account
                    sign_ups_at_once_with_one_address_sign_one_in
                    a_change_of_address_and_a_sign_up_with_it_give_it_to_one
                    two_changes_to_one_address_give_it_to_one
                    two_owners_who_demote_each_other_leave_one
                    owners_who_all_leave_at_once_leave_one
                    a_set_up_link_makes_one_owner_however_many_follow_it
                    a_login_does_not_outlive_the_lock
                    addresses_saved_at_once_stay_within_their_limit
                }
                catalogue {
                    a_chosen_slug_goes_to_one_product
                    made_slugs_give_way_to_each_other
                    a_sku_goes_to_one_product
                    moves_that_would_make_a_ring_are_not_all_done
                    a_removal_and_a_new_child_agree
                    one_of_two_editors_is_told
                    an_edit_does_not_bring_sold_stock_back
                    an_order_and_the_removal_of_its_variant_agree
                }
                idempotency {
                    a_hundred_equal_requests_make_one_order_and_get_one_reply
                    a_key_for_two_requests_at_once_is_for_one_of_them
                    different_keys_do_not_wait_for_each_other
                    refused_requests_at_once_store_nothing
                }
                mail {
                    one_mail_goes_to_one_worker
                    many_workers_share_the_outbox_and_send_each_mail_once
                    mails_that_come_meanwhile_are_sent_too
                }
                orders {
                    cancelling_and_shipping_at_once_does_one_of_them
                    many_cancellations_give_the_stock_back_once
                    cancellations_and_purchases_at_once_sell_what_is_there
                    an_order_and_the_deletion_of_its_buyer_leave_no_trace_of_them
                    an_order_and_the_removal_of_its_product_agree
                }
                reads {
                    what_was_acknowledged_is_read
                    a_product_is_never_read_half_changed
                    an_order_is_never_read_half_moved
                    a_level_is_never_ahead_of_its_ledger
                }
                sessions {
                    tabs_that_refresh_at_once_share_one_successor
                    an_old_token_ends_the_family_while_the_newest_is_used
                    a_refresh_does_not_outlive_a_logout
                    wrong_codes_at_once_use_up_the_tries
                    a_code_is_good_once_however_many_present_it
                    a_reset_token_is_good_once_however_many_present_it
                    a_login_with_the_old_password_does_not_outlive_its_change
                }
                stock {
                    a_thousand_buyers_race_for_a_hundred_pieces
                    the_last_piece_is_sold_once
                    doubled_lines_cannot_oversell
                    shared_lines_in_any_order_are_sold_exactly
                    movements_add_up
                    movements_and_orders_share_one_level
                }
            }
        }
    };
}

/// Modules and tests out of the list.
#[doc(hidden)]
#[macro_export]
macro_rules! tests_of {
    ($open:path; $($noun:ident { $($file:ident { $($case:ident)+ })+ })+) => {$(
        mod $noun {$(
            mod $file {$(
                #[test]
                fn $case() {
                    let case: $crate::Case = $crate::boxed::$noun::$file::$case;
                    $crate::run($open, case);
                }
            )+}
        )+}
    )+};
}

/// Modules and functions out of the list.
#[doc(hidden)]
#[macro_export]
macro_rules! boxed_of {
    ($($noun:ident { $($file:ident { $($case:ident)+ })+ })+) => {$(
        pub mod $noun {$(
            pub mod $file {$(
                pub fn $case(shop: $crate::support::Shop) -> $crate::Running {
                    Box::pin($crate::cases::$noun::$file::$case(shop))
                }
            )+}
        )+}
    )+};
}

/// The cases as functions of one type. The body of an `async fn` is compiled wherever it is awaited: so each is compiled once, and not once
/// more with the tests of each engine.
#[doc(hidden)]
pub mod boxed {
    crate::all_cases! { boxed_of }
}
