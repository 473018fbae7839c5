<?php
/**
 * Leaves nothing: the address, the kept words, and what was held for minutes.
 *
 * @package Assent
 */

defined( 'WP_UNINSTALL_PLUGIN' ) || exit;

require_once __DIR__ . '/includes/words.php';

/**
 * One site.
 */
function assent_uninstall_site() {
	assent_forget_words();
	delete_option( 'assent_url' );
}

if ( is_multisite() ) {
	foreach ( get_sites(
		array(
			'fields' => 'ids',
			'number' => 0,
		)
	) as $assent_site ) {
		switch_to_blog( $assent_site );
		assent_uninstall_site();
		restore_current_blog();
	}
} else {
	assent_uninstall_site();
}
