<?php
/**
 * What stands in a page: the element that draws the form in the reader's browser, and inside it, for who
 * has no script, a field for the address that leads to the form on the assent server. The form's script comes
 * from there, and form.js brings it.
 *
 * @package Assent
 */

defined( 'ABSPATH' ) || exit;

/**
 * `[assent report="slug"]`, `[assent newsletters]`; `heading_level="3"`.
 *
 * @param array|string $given What stands in the shortcode.
 * @return string
 */
function assent_shortcode( $given ) {
	$given = (array) $given;
	$name  = in_array( 'newsletters', array_map( 'strval', $given ), true ) ? 'newsletters' : '';
	$given = shortcode_atts(
		array(
			'report'        => '',
			'heading_level' => 2,
		),
		$given,
		'assent'
	);
	return assent_form( '' === $name ? (string) $given['report'] : $name, (int) $given['heading_level'] );
}

/**
 * The block.
 *
 * @param array $given Its attributes.
 * @return string
 */
function assent_block( $given ) {
	$name  = empty( $given['newsletters'] ) ? (string) ( $given['report'] ?? '' ) : 'newsletters';
	$level = (int) ( $given['headingLevel'] ?? 2 );
	if ( defined( 'REST_REQUEST' ) && REST_REQUEST && current_user_can( 'edit_posts' ) ) {
		return assent_preview( $name, $level );
	}
	$form = assent_form( $name, $level );
	return '' === $form ? '' : sprintf( '<div %s>%s</div>', get_block_wrapper_attributes(), $form );
}

/**
 * One form, for readers.
 *
 * @param string $typed A report's slug or address, or `newsletters`.
 * @param int    $level The level of its headings.
 * @return string Nothing where there is no such form; who may edit is told.
 */
function assent_form( $typed, $level ) {
	$name  = assent_name_of( $typed );
	$words = null === $name ? false : assent_words( $name );
	if ( false === $words ) {
		return current_user_can( 'edit_posts' ) ? '<p class="assent-note">' . esc_html( assent_missing( $typed ) ) . '</p>' : '';
	}
	$plain = $words && empty( $words['resting'] ) ? assent_plain_form( $name, $words ) : assent_link( $name, $words );
	if ( is_feed() ) {
		return assent_link( $name, $words );
	}
	wp_enqueue_script( 'assent-embed', assent_url() . '/embed.js', array(), null, true ); // phpcs:ignore WordPress.WP.EnqueuedResourceParameters -- the server says how long it holds.
	wp_enqueue_script( 'assent-form', plugins_url( 'form.js', ASSENT_FILE ), array( 'assent-embed' ), ASSENT_VERSION, true );
	$which = 'newsletters' === $name ? 'newsletters' : 'report="' . esc_attr( $name ) . '"';
	$away  = __( 'This form can’t be reached at the moment. Please try again later, or here:', 'assent' );
	return sprintf( '<assent-form %s heading-level="%d" data-away="%s">%s</assent-form>', $which, max( 1, min( 6, $level ) ), esc_attr( $away ), $plain );
}

/**
 * Where the form's script is, for form.js, which brings it: while that server is silent, the page is whole without.
 *
 * @param string $tag    The element.
 * @param string $handle Which script.
 * @return string
 */
function assent_inert( $tag, $handle ) {
	return 'assent-embed' === $handle ? preg_replace( '/<script(?: type=(["\'])text\/javascript\1)?/', '<script type="text/plain"', $tag ) : $tag;
}
add_filter( 'script_loader_tag', 'assent_inert', 10, 2 );

/**
 * Without script: the address alone. The boxes and their words are on the page that it leads to, so that
 * a cached copy of this one never shows words that hold no more.
 *
 * @param string $name  A report's slug, or `newsletters`.
 * @param array  $words Its document.
 * @return string
 */
function assent_plain_form( $name, $words ) {
	$label = __( 'E-mail address', 'assent' );
	foreach ( $words['fields'] as $field ) {
		if ( isset( $field['name'], $field['label'] ) && 'email' === $field['name'] ) {
			$label = $field['label'];
		}
	}
	$button = isset( $words['button'] ) ? $words['button'] : __( 'Go on', 'assent' );
	$id     = wp_unique_id( 'assent-email-' );
	return sprintf(
		'<form class="assent-begin" method="post" action="%1$s"><p><strong>%6$s</strong></p><p><label for="%2$s">%3$s</label><br><input id="%2$s" type="email" name="email" autocomplete="email" maxlength="254" required></p><p><button type="submit" class="wp-element-button">%4$s</button></p><p><small>%5$s</small></p></form>',
		esc_url( assent_page( $name ) . '/begin' ),
		esc_attr( $id ),
		esc_html( $label ),
		esc_html( $button ),
		esc_html__( 'The next page shows what you can agree to. Nothing is kept before that.', 'assent' ),
		esc_html( $words['title'] )
	);
}

/**
 * Where no more is known than where the form is.
 *
 * @param string     $name  A report's slug, or `newsletters`.
 * @param array|null $words Its document, if known.
 * @return string
 */
function assent_link( $name, $words ) {
	$text = 'newsletters' === $name ? __( 'Sign up for newsletters', 'assent' ) : __( 'Get the report', 'assent' );
	return sprintf( '<a href="%s">%s</a>', esc_url( assent_page( $name ) ), esc_html( isset( $words['title'] ) ? $words['title'] : $text ) );
}

/**
 * Why no form is shown, for who can do something about it.
 *
 * @param string $typed What was asked for.
 * @return string
 */
function assent_missing( $typed ) {
	$name = assent_name_of( $typed );
	if ( '' === assent_url() ) {
		return __( 'Assent: set the address of your assent server under Settings → Assent forms. Readers see nothing here until then.', 'assent' );
	}
	if ( null === $name ) {
		/* translators: 1: what was entered, 2: the address of the server. */
		return sprintf( __( 'Assent: “%1$s” is not the page of a form at %2$s, where the forms of this site come from. Readers see nothing here.', 'assent' ), trim( $typed ), assent_url() );
	}
	if ( '' === $name ) {
		return __( 'Assent: say which report the form is for, or that it is for newsletters.', 'assent' );
	}
	if ( 'newsletters' === $name ) {
		/* translators: %s: the address of the server. */
		return sprintf( __( 'Assent: no newsletter is offered at %s. Readers see nothing here.', 'assent' ), assent_url() );
	}
	/* translators: 1: a report's name in addresses, 2: the address of the server. */
	return sprintf( __( 'Assent: there is no published report “%1$s” at %2$s. Readers see nothing here.', 'assent' ), $name, assent_url() );
}

/**
 * For the editor: all words as they stand at this moment, with nothing to press.
 *
 * @param string $typed A report's slug or address, or `newsletters`.
 * @param int    $level The level of its headings.
 * @return string
 */
function assent_preview( $typed, $level ) {
	$name  = assent_name_of( $typed );
	$words = null === $name ? false : assent_words( $name );
	if ( false === $words ) {
		return '<p>' . esc_html( assent_missing( $typed ) ) . '</p>';
	}
	if ( null === $words && 'other' === get_transient( 'assent_state' ) ) {
		/* translators: %s: the address of the server. */
		return '<p>' . esc_html( sprintf( __( 'Assent: what answers at %s is no assent server, or assent does not run behind it. Readers get a link that leads there. Settings → Assent forms has the address.', 'assent' ), assent_url() ) ) . '</p>';
	}
	if ( null === $words ) {
		/* translators: %s: the address of the server. */
		return '<p>' . esc_html( sprintf( __( 'Assent: %s did not answer. Readers get the form as soon as their browsers reach it, and a link until then.', 'assent' ), assent_url() ) ) . '</p>';
	}
	$tag  = 'h' . max( 1, min( 6, $level ) );
	$html = '';
	if ( ! get_transient( 'assent_state' ) && 'closed' === assent_standing() ) {
		/* translators: %s: the address of the server. */
		$html .= '<p><strong>' . esc_html( sprintf( __( '%s does not let this site in yet, so readers see a field for their address alone. Settings → Assent forms says what to do.', 'assent' ), assent_url() ) ) . '</strong></p>';
	}
	$html .= sprintf( '<%1$s>%2$s</%1$s>', $tag, esc_html( $words['title'] ) );
	if ( ! empty( $words['resting'] ) ) {
		$html .= '<p><strong>' . esc_html__( 'This form is paused for now; readers see a link.', 'assent' ) . '</strong></p>';
	}
	foreach ( $words['fields'] as $field ) {
		$html .= '<p><label>' . esc_html( $field['label'] ) . '<br><input type="text" disabled></label></p>';
	}
	foreach ( $words['boxes'] as $box ) {
		$html .= '<p><label><input type="checkbox" disabled> <strong>' . esc_html( $box['name'] ) . '</strong> ' . esc_html( $box['words'] ) . '</label></p>';
	}
	$html .= '<p><button type="button" class="wp-element-button" disabled>' . esc_html( isset( $words['button'] ) ? $words['button'] : '' ) . '</button></p>';
	return '<div class="assent-preview">' . $html . '</div>';
}
