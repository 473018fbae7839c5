<?php
/**
 * The words of forms, from the assent server. They are asked for every five minutes at most; while it
 * can't answer, the last good ones stay. Nothing about readers passes through here.
 *
 * @package Assent
 */

defined( 'ABSPATH' ) || exit;

/** How long words hold, and how long it is that there are none, in seconds. */
const ASSENT_HOLD  = 300;
const ASSENT_PAUSE = 30;

/** So many forms are kept for when the server can't be reached. */
const ASSENT_KEPT = 50;

/**
 * The document of one form.
 *
 * @param string $name A report's slug, or `newsletters`.
 * @return array|false|null False: there is no such form. Null: not known, for the server has never answered.
 */
function assent_words( $name ) {
	if ( '' === assent_url() || ! preg_match( '/^[a-z0-9][a-z0-9-]{0,99}$/', $name ) ) {
		return false;
	}
	$key  = 'assent_' . md5( assent_url() . ' ' . $name );
	$held = get_transient( $key );
	if ( is_array( $held ) ) {
		return $held['words'];
	}
	$kept = get_option( 'assent_kept', array() );
	$last = isset( $kept[ $key ] ) ? $kept[ $key ] : null;
	// Until the answer is there, other requests take what there was: none but this one waits.
	set_transient( $key, array( 'words' => $last ), ASSENT_PAUSE );
	$asked = assent_ask( $name );
	if ( null === $asked ) {
		return $last;
	}
	set_transient( $key, array( 'words' => $asked ), $asked ? ASSENT_HOLD : ASSENT_PAUSE );
	if ( ( $asked ? $asked : null ) !== $last ) {
		unset( $kept[ $key ] );
		if ( $asked ) {
			$kept[ $key ] = $asked;
		}
		update_option( 'assent_kept', array_slice( $kept, -ASSENT_KEPT, null, true ), false );
	}
	return $asked;
}

/**
 * Asks the server: the address that is set, and no other that it might lead to.
 *
 * @param string $name A report's slug, or `newsletters`.
 * @return array|false|null As `assent_words`.
 */
function assent_ask( $name ) {
	$answer = assent_get( 'forms/' . rawurlencode( $name ) );
	$status = wp_remote_retrieve_response_code( $answer );
	if ( 404 === $status || 410 === $status ) {
		return false;
	}
	$words = 200 === $status ? json_decode( wp_remote_retrieve_body( $answer ), true ) : null;
	return is_array( $words ) && isset( $words['form'], $words['title'], $words['fields'], $words['boxes'] ) ? $words : null;
}

/**
 * Whether an assent server is there.
 *
 * @return bool
 */
function assent_answers() {
	$told = json_decode( wp_remote_retrieve_body( assent_get( 'reports' ) ), true );
	return is_array( $told ) && isset( $told['reports'] );
}

/**
 * What the server says.
 *
 * @param string $path What is asked for, below the API.
 * @return array|WP_Error
 */
function assent_get( $path ) {
	return wp_remote_get(
		assent_url() . '/api/v1/' . $path,
		array(
			'timeout'             => 5,
			'redirection'         => 0,
			// Who has one site of many does not run the machine, and asks nothing of its network.
			'reject_unsafe_urls'  => is_multisite(),
			'limit_response_size' => 65536,
			'headers'             => array( 'Accept' => 'application/json' ),
			'user-agent'          => 'assent-wordpress/' . ASSENT_VERSION,
		)
	);
}

/**
 * Forgets what was asked: another address has other words.
 */
function assent_forget_words() {
	global $wpdb;
	delete_option( 'assent_kept' );
	$names = $wpdb->get_col( // phpcs:ignore WordPress.DB.DirectDatabaseQuery -- transients can't be listed otherwise.
		$wpdb->prepare( "SELECT option_name FROM {$wpdb->options} WHERE option_name LIKE %s", $wpdb->esc_like( '_transient_assent_' ) . '%' )
	);
	foreach ( $names as $name ) {
		delete_transient( substr( $name, strlen( '_transient_' ) ) );
	}
}
