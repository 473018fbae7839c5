<?php
/**
 * The address of the assent server, which alone is asked and posted to.
 *
 * @package Assent
 */

defined( 'ABSPATH' ) || exit;

/**
 * The address as set, without a slash at its end; empty until it is set.
 *
 * @return string
 */
function assent_url() {
	return (string) get_option( 'assent_url', '' );
}

/**
 * What somebody typed, as an address that forms may be sent to: https, or http on this machine alone.
 *
 * @param string $typed What was typed.
 * @return string The origin; empty where it is none.
 */
function assent_origin_of( $typed ) {
	$typed = trim( $typed );
	if ( '' !== $typed && false === strpos( $typed, '://' ) ) {
		$typed = 'https://' . $typed;
	}
	$parts = wp_parse_url( $typed );
	if ( empty( $parts['scheme'] ) || empty( $parts['host'] ) || isset( $parts['user'] ) || isset( $parts['pass'] ) ) {
		return '';
	}
	$scheme = strtolower( $parts['scheme'] );
	$host   = strtolower( $parts['host'] );
	if ( ! preg_match( '/^(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])$/', $host ) ) {
		return '';
	}
	$here = in_array( $host, array( 'localhost', '127.0.0.1', '[::1]' ), true );
	if ( 'https' !== $scheme && ! ( 'http' === $scheme && $here ) ) {
		return '';
	}
	return $scheme . '://' . $host . ( isset( $parts['port'] ) ? ':' . (int) $parts['port'] : '' );
}

/**
 * The origin of this site, as `embed_origins` of the assent server must name it.
 *
 * @return string
 */
function assent_own_origin() {
	$parts = wp_parse_url( home_url() );
	return $parts['scheme'] . '://' . $parts['host'] . ( isset( $parts['port'] ) ? ':' . $parts['port'] : '' );
}

/**
 * The path of a form's own page.
 *
 * @param string $name A report's slug, or `newsletters`.
 * @return string
 */
function assent_page( $name ) {
	return assent_url() . ( 'newsletters' === $name ? '/newsletters' : '/reports/' . rawurlencode( $name ) );
}
