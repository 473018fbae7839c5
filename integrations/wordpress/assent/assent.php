<?php
/**
 * Plugin Name:       Assent forms
 * Description:       Puts the form of a report or of newsletters into a page. Who signs up is told to your assent server by the reader's browser, never to this site.
 * Version:           0.1.0
 * Requires at least: 6.1
 * Requires PHP:      7.4
 * License:           AGPL-3.0-or-later
 * License URI:       https://www.gnu.org/licenses/agpl-3.0.html
 * Text Domain:       assent
 *
 * @package Assent
 */

defined( 'ABSPATH' ) || exit;

define( 'ASSENT_VERSION', '0.1.0' );
define( 'ASSENT_FILE', __FILE__ );

require_once __DIR__ . '/includes/address.php';
require_once __DIR__ . '/includes/words.php';
require_once __DIR__ . '/includes/form.php';
require_once __DIR__ . '/includes/settings.php';

/**
 * The block and the shortcode: one form, drawn by one function.
 */
function assent_init() {
	load_plugin_textdomain( 'assent', false, dirname( plugin_basename( __FILE__ ) ) . '/languages' );
	register_block_type( __DIR__ . '/block', array( 'render_callback' => 'assent_block' ) );
	wp_set_script_translations( 'assent-form-editor-script', 'assent' );
	wp_add_inline_script( 'assent-form-editor-script', 'window.assentServer = ' . wp_json_encode( assent_url() ) . ';', 'before' );
	add_shortcode( 'assent', 'assent_shortcode' );
}
add_action( 'init', 'assent_init' );

register_deactivation_hook( __FILE__, 'assent_forget_words' );
