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
	return assent_origin( $scheme, $host, isset( $parts['port'] ) ? $parts['port'] : 0 );
}

/**
 * An origin as browsers say it: without the port that its scheme has anyhow.
 *
 * @param string $scheme In lower case.
 * @param string $host   In lower case.
 * @param int    $port   Nought where none is said.
 * @return string
 */
function assent_origin( $scheme, $host, $port ) {
	$usual = 'https' === $scheme ? 443 : 80;
	return $scheme . '://' . $host . ( $port && $usual !== $port ? ':' . $port : '' );
}

/**
 * The origin of this site as browsers say it, and as `embed_origins` of the assent server must name it.
 *
 * @return string
 */
function assent_own_origin() {
	$parts = wp_parse_url( home_url() );
	return assent_origin( strtolower( $parts['scheme'] ), strtolower( $parts['host'] ), isset( $parts['port'] ) ? $parts['port'] : 0 );
}

/**
 * Which form somebody means who typed its name, or the address of its page.
 *
 * @param string $typed What was typed.
 * @return string|null A report's slug, or `newsletters`. Null: an address that is no page of a form at the server that is set.
 */
function assent_name_of( $typed ) {
	$typed = trim( $typed );
	if ( false === strpos( $typed, '/' ) ) {
		return strtolower( $typed );
	}
	$path = (string) wp_parse_url( false === strpos( $typed, '://' ) ? 'https://' . $typed : $typed, PHP_URL_PATH );
	$is   = preg_match( '#^/(?:reports/([A-Za-z0-9-]+)|(newsletters))(?:/begin)?/?$#', $path, $found );
	if ( ! $is || '' === assent_url() || assent_origin_of( $typed ) !== assent_url() ) {
		return null;
	}
	return strtolower( end( $found ) );
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
