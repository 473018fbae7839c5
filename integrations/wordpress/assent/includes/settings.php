<?php
/**
 * Settings → Assent forms: one address.
 *
 * @package Assent
 */

defined( 'ABSPATH' ) || exit;

/**
 * The setting, which WordPress itself saves: with its nonce, and for who may manage options.
 */
function assent_register_setting() {
	register_setting(
		'assent',
		'assent_url',
		array(
			'type'              => 'string',
			'default'           => '',
			'show_in_rest'      => false,
			'sanitize_callback' => 'assent_sanitize_url',
		)
	);
}
add_action( 'admin_init', 'assent_register_setting' );

/**
 * What cannot be an address leaves the one before.
 *
 * @param mixed $typed What was typed.
 * @return string
 */
function assent_sanitize_url( $typed ) {
	$typed = is_string( $typed ) ? $typed : '';
	$url   = assent_origin_of( $typed );
	if ( '' === $url && '' !== trim( $typed ) ) {
		if ( function_exists( 'add_settings_error' ) ) {
			add_settings_error( 'assent_url', 'assent_url', __( 'Enter an address such as https://reports.example.org. Without https it may be on this machine alone.', 'assent' ) );
		}
		return assent_url();
	}
	return $url;
}

add_action( 'update_option_assent_url', 'assent_forget_words' );
add_action( 'add_option_assent_url', 'assent_forget_words' );

/**
 * Its line in the menu.
 */
function assent_menu() {
	add_options_page( __( 'Assent forms', 'assent' ), __( 'Assent forms', 'assent' ), 'manage_options', 'assent', 'assent_settings_page' );
}
add_action( 'admin_menu', 'assent_menu' );

/**
 * A way there from the list of plugins.
 *
 * @param array $links Those that are there.
 * @return array
 */
function assent_action_links( $links ) {
	array_unshift( $links, sprintf( '<a href="%s">%s</a>', esc_url( admin_url( 'options-general.php?page=assent' ) ), esc_html__( 'Settings', 'assent' ) ) );
	return $links;
}
add_filter( 'plugin_action_links_' . plugin_basename( ASSENT_FILE ), 'assent_action_links' );

/**
 * The page.
 */
function assent_settings_page() {
	if ( ! current_user_can( 'manage_options' ) ) {
		return;
	}
	?>
	<div class="wrap">
		<h1><?php esc_html_e( 'Assent forms', 'assent' ); ?></h1>
		<form method="post" action="options.php">
			<?php settings_fields( 'assent' ); ?>
			<table class="form-table" role="presentation">
				<tr>
					<th scope="row"><label for="assent_url"><?php esc_html_e( 'Address of your assent server', 'assent' ); ?></label></th>
					<td>
						<input type="text" inputmode="url" class="regular-text code" id="assent_url" name="assent_url" value="<?php echo esc_attr( assent_url() ); ?>" placeholder="https://reports.example.org" aria-describedby="assent_url_hint">
						<p class="description" id="assent_url_hint"><?php esc_html_e( 'Readers’ browsers send the form there, and its words come from there. No key or password is needed.', 'assent' ); ?></p>
					</td>
				</tr>
			</table>
			<?php submit_button(); ?>
		</form>
		<?php
		if ( '' !== assent_url() ) {
			assent_settings_state();
		}
		?>
		<h2><?php esc_html_e( 'In a page', 'assent' ); ?></h2>
		<p><?php esc_html_e( 'Insert the block “Assent form”, or one of these:', 'assent' ); ?></p>
		<p><code>[assent report="digital-councils"]</code> <code>[assent newsletters]</code></p>
	</div>
	<?php
}

/**
 * Whether it answers, whether it lets this site in, and what its operator must set where it does not.
 */
function assent_settings_state() {
	$standing = assent_standing();
	if ( in_array( $standing, array( 'open', 'closed' ), true ) ) {
		delete_transient( 'assent_state' );
		assent_asks_after( 0 );
	}
	?>
	<h2><?php esc_html_e( 'Connection', 'assent' ); ?></h2>
	<p id="assent-state">
		<?php
		if ( 'open' === $standing ) {
			esc_html_e( 'It answers, and lets this site in.', 'assent' );
		} elseif ( 'closed' === $standing ) {
			esc_html_e( 'It answers, but does not let this site in: readers’ browsers are refused, and readers see a field for their address alone.', 'assent' );
		} elseif ( 'other' === $standing ) {
			esc_html_e( 'Something answers there, but not as an assent server does: see whether the address is right, and whether assent runs behind it. Until then readers get a field for their address, or a link where no words are kept.', 'assent' );
		} else {
			esc_html_e( 'Nothing answers there; five seconds are waited at most. Until something does, readers get a field for their address, or a link where no words are kept.', 'assent' );
		}
		?>
	</p>
	<?php if ( 'open' !== $standing ) : ?>
		<p>
			<?php
			if ( 'closed' === $standing ) {
				esc_html_e( 'Whoever runs the server names this site in assent.toml, beside sites that stand there already, and restarts it:', 'assent' );
			} else {
				esc_html_e( 'If it is not there yet, whoever runs the server puts this site into assent.toml, beside sites that stand there already, and restarts it:', 'assent' );
			}
			?>
		</p>
		<p><code id="assent-line">embed_origins = ["<?php echo esc_html( assent_own_origin() ); ?>"]</code></p>
		<?php
	endif;
}
