<?php
/**
 * The words of forms, from the assent server. They are asked for every five minutes at most; while it
 * can't answer, the last good ones stay. However many forms a page has, it waits five seconds at most, one
 * page at a time, and once nothing was answered, none waits for half a minute. Nothing about readers passes
 * through here.
 *
 * @package Assent
 */

defined( 'ABSPATH' ) || exit;

/** How long words hold, and how long it is that there are none, in seconds. */
const ASSENT_HOLD  = 300;
const ASSENT_PAUSE = 30;

/** For how many seconds one page waits for the server in all. */
const ASSENT_PATIENCE = 5;

/** So many forms are kept for when the server can't be reached. */
const ASSENT_KEPT = 50;

/**
 * The document of one form.
 *
 * @param string $name A report's slug, or `newsletters`.
 * @return array|false|null False: there is no such form, as an assent server said. Null: not known, for none has ever answered.
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
	if ( get_transient( 'assent_state' ) || assent_waited() > ASSENT_PATIENCE - 1 || ! assent_may_ask() ) {
		return $last;
	}
	// Until the answer is there, other requests take what there was.
	set_transient( $key, array( 'words' => $last ), ASSENT_PAUSE );
	$asked = assent_ask( $name );
	if ( null === $asked ) {
		return $last;
	}
	set_transient( $key, array( 'words' => $asked ), $asked ? ASSENT_HOLD : ASSENT_PAUSE );
	if ( $asked !== $last ) {
		unset( $kept[ $key ] );
		$kept[ $key ] = $asked;
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
	if ( ! assent_said( $answer ) ) {
		set_transient( 'assent_state', is_wp_error( $answer ) ? 'away' : 'other', ASSENT_PAUSE );
		assent_asks_after( time() + ASSENT_PAUSE );
		return null;
	}
	assent_asks_after( 0 );
	$status = wp_remote_retrieve_response_code( $answer );
	if ( 404 === $status || 410 === $status ) {
		return false;
	}
	$words = 200 === $status ? json_decode( wp_remote_retrieve_body( $answer ), true ) : null;
	return is_array( $words ) && isset( $words['form'], $words['title'], $words['fields'], $words['boxes'] ) ? $words : null;
}

/**
 * Whether an assent server said this: a document, or why there is none. Another server at this address, or the
 * one before it while assent is stopped, may say that there is nothing, too, and knows nothing of forms.
 *
 * @param array|WP_Error $answer What was answered.
 * @return bool
 */
function assent_said( $answer ) {
	$status = wp_remote_retrieve_response_code( $answer );
	$kind   = strtolower( trim( explode( ';', implode( ' ', (array) wp_remote_retrieve_header( $answer, 'content-type' ) ) )[0] ) );
	if ( 200 === $status ) {
		return 'application/json' === $kind;
	}
	$told = 'application/problem+json' === $kind ? json_decode( wp_remote_retrieve_body( $answer ), true ) : null;
	return isset( $told['status'], $told['errors'] ) && $status === $told['status'] && is_array( $told['errors'] );
}

/**
 * Whether this request may ask the server now. A row of the database decides, past all caches: of many requests
 * at a time one may, for whichever form, and none while the server is given up.
 *
 * @return bool
 */
function assent_may_ask() {
	global $wpdb;
	// Whoever asks says so when it is done; if it broke off, this does.
	$until = (string) ( time() + 2 * ASSENT_PATIENCE );
	// phpcs:disable WordPress.DB.DirectDatabaseQuery -- options are read from caches.
	return $wpdb->query( $wpdb->prepare( "INSERT IGNORE INTO `$wpdb->options` ( `option_name`, `option_value`, `autoload` ) VALUES ( 'assent_asks_after', %s, 'no' )", $until ) )
		|| $wpdb->query( $wpdb->prepare( "UPDATE `$wpdb->options` SET `option_value` = %s WHERE `option_name` = 'assent_asks_after' AND `option_value` < %s", $until, (string) time() ) );
	// phpcs:enable
}

/**
 * Nobody asks the server before this.
 *
 * @param int $until Nought: whoever comes next may.
 */
function assent_asks_after( $until ) {
	global $wpdb;
	$row = array( 'option_name' => 'assent_asks_after' );
	if ( $until ) {
		$wpdb->update( $wpdb->options, array( 'option_value' => (string) $until ), $row ); // phpcs:ignore WordPress.DB.DirectDatabaseQuery
	} else {
		$wpdb->delete( $wpdb->options, $row ); // phpcs:ignore WordPress.DB.DirectDatabaseQuery
	}
}

/**
 * Whether an assent server is there, and answers pages of this site: it is asked as a reader's browser asks.
 *
 * @return string `open`; `closed`: it does not name this site; `other`: what answered is none; `away`: nothing did.
 */
function assent_standing() {
	$own     = assent_own_origin();
	$answer  = assent_get( 'reports', array( 'Origin' => $own ) );
	$allowed = wp_remote_retrieve_header( $answer, 'access-control-allow-origin' );
	if ( assent_lists_reports( $answer ) ) {
		// Pages at its own address need no leave.
		return in_array( $allowed, array( $own, '*' ), true ) || assent_url() === $own ? 'open' : 'closed';
	}
	if ( is_wp_error( $answer ) ) {
		return 'away';
	}
	return assent_lists_reports( assent_get( 'reports' ) ) ? 'closed' : 'other';
}

/**
 * Whether this is what an assent server answers.
 *
 * @param array|WP_Error $answer What was answered.
 * @return bool
 */
function assent_lists_reports( $answer ) {
	$told = json_decode( wp_remote_retrieve_body( $answer ), true );
	return is_array( $told ) && isset( $told['reports'] );
}

/**
 * For how many seconds this page has waited for the server.
 *
 * @param float $more What comes to it.
 * @return float
 */
function assent_waited( $more = 0.0 ) {
	static $waited = 0.0, $page = null;
	// A process may make several pages.
	$now = isset( $_SERVER['REQUEST_TIME_FLOAT'] ) ? (float) $_SERVER['REQUEST_TIME_FLOAT'] : 0.0;
	if ( $now !== $page ) {
		$page   = $now;
		$waited = 0.0;
	}
	$waited += $more;
	return $waited;
}

/**
 * What the server says, within what is left of this page's patience.
 *
 * @param string $path    What is asked for, below the API.
 * @param array  $headers What is said beside that.
 * @return array|WP_Error
 */
function assent_get( $path, $headers = array() ) {
	$begun  = microtime( true );
	$answer = wp_remote_get(
		assent_url() . '/api/v1/' . $path,
		array(
			// Less than a second is none for curl.
			'timeout'             => max( 1, ASSENT_PATIENCE - assent_waited() ),
			'redirection'         => 0,
			// Who has one site of many does not run the machine, and asks nothing of its network.
			'reject_unsafe_urls'  => is_multisite(),
			'limit_response_size' => 65536,
			'headers'             => array( 'Accept' => 'application/json' ) + $headers,
			'user-agent'          => 'assent-wordpress/' . ASSENT_VERSION,
		)
	);
	assent_waited( microtime( true ) - $begun );
	return $answer;
}

/**
 * Forgets what was asked: another address has other words.
 */
function assent_forget_words() {
	global $wpdb;
	delete_option( 'assent_kept' );
	delete_transient( 'assent_state' );
	assent_asks_after( 0 );
	$names = $wpdb->get_col( // phpcs:ignore WordPress.DB.DirectDatabaseQuery -- transients can't be listed otherwise.
		$wpdb->prepare(
			"SELECT option_name FROM {$wpdb->options} WHERE option_name LIKE %s OR option_name LIKE %s",
			$wpdb->esc_like( '_transient_assent_' ) . '%',
			$wpdb->esc_like( '_transient_timeout_assent_' ) . '%'
		)
	);
	foreach ( $names as $name ) {
		$name = preg_replace( '/^_transient_(?:timeout_)?/', '', $name );
		delete_transient( $name );
		// Where requests crossed, one half may be there without the other, which WordPress then leaves.
		delete_option( '_transient_timeout_' . $name );
	}
}
