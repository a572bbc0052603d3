<?php
/**
 * Two lines on Settings, Reading: which digits, and the key of the licence.
 *
 * @package Arqam
 */

if ( ! defined( 'ABSPATH' ) ) {
	exit;
}

add_action(
	'admin_init',
	static function () {
		$digits = array( 'type' => 'string', 'default' => 'auto', 'sanitize_callback' => 'arqam_take_digits' );
		$key    = array( 'type' => 'string', 'default' => '', 'sanitize_callback' => 'arqam_take_key' );
		register_setting( 'reading', ARQAM_OPTION, $digits );
		register_setting( 'reading', ARQAM_KEY, $key );
		$fields = array(
			array( ARQAM_OPTION, __( 'Digits', 'arqam' ), 'arqam_digits_field' ),
			array( ARQAM_KEY, __( 'Licence key of Arqam', 'arqam' ), 'arqam_key_field' ),
		);
		foreach ( $fields as list( $name, $label, $show ) ) {
			add_settings_field( $name, esc_html( $label ), $show, 'reading', 'default', array( 'label_for' => $name ) );
		}
	}
);

add_filter(
	'plugin_action_links_arqam/arqam.php',
	static function ( $links ) {
		$url = admin_url( 'options-reading.php#' . ARQAM_OPTION );
		return array_merge( array( '<a href="' . esc_url( $url ) . '">' . esc_html__( 'Settings', 'arqam' ) . '</a>' ), $links );
	}
);

function arqam_digits_field() {
	$choices = array(
		'auto'     => __( 'As in the language of the page', 'arqam' ),
		'arabic'   => __( 'Arabic: ٠١٢٣', 'arqam' ),
		'persian'  => __( 'Persian: ۰۱۲۳', 'arqam' ),
		'european' => __( 'European: 0123', 'arqam' ),
	);
	echo '<select name="' . esc_attr( ARQAM_OPTION ) . '" id="' . esc_attr( ARQAM_OPTION ) . '">';
	foreach ( $choices as $value => $label ) {
		echo '<option value="' . esc_attr( $value ) . '"' . selected( get_option( ARQAM_OPTION, 'auto' ), $value, false ) . '>' . esc_html( $label ) . '</option>';
	}
	echo '</select>';
}

function arqam_take_digits( $value ) {
	return in_array( $value, array( 'auto', 'arabic', 'persian', 'european' ), true ) ? $value : 'auto';
}

/** The key, or what was typed and not taken, and how it stands. */
function arqam_key_field() {
	$key = arqam_license()->key();
	$key = get_option( ARQAM_KEY, '' ) ? get_option( ARQAM_KEY ) : $key;
	echo '<input type="text" dir="ltr" class="regular-text code" autocomplete="off" spellcheck="false" name="' . esc_attr( ARQAM_KEY ) . '" id="' . esc_attr( ARQAM_KEY ) . '" value="' . esc_attr( $key ) . '" aria-describedby="arqam-key-said">';
	echo '<p class="description" id="arqam-key-said">' . esc_html( arqam_key_said() ) . '</p>';
}

/** How the licence stands, in a sentence or two. */
function arqam_key_said() {
	$license = arqam_license();
	if ( '' === $license->key() ) {
		return __( 'Type the key of your order here, and this site gets its updates. The digits need none.', 'arqam' );
	}
	if ( '' !== $license->refusal() ) {
		/* translators: %s: one or more sentences of the shop. */
		return sprintf( __( 'No updates: %s The digits go on as before.', 'arqam' ), $license->refusal() );
	}
	$words = array(
		'good'  => __( 'This site gets its updates. Empty the field to free the place for another site.', 'arqam' ),
		'grace' => __( 'The shop has not answered for a while. Updates wait; the digits do not.', 'arqam' ),
		'over'  => __( 'The shop has not answered for long. Save the key once more to get updates again.', 'arqam' ),
		'none'  => __( 'The address of this site has changed. Save the key once more to get updates again.', 'arqam' ),
	);
	return $words[ $license->state() ];
}

/**
 * A key takes a place for this site, an empty one frees it. The licence keeps the key; the option only what was typed
 * and not taken, so that nobody has to type it twice. WordPress asks twice for an option that is not there yet.
 */
function arqam_take_key( $typed ) {
	static $kept = null;
	if ( null !== $kept ) {
		return $kept;
	}
	$typed   = trim( (string) $typed );
	$license = arqam_license();
	if ( '' !== $typed && $typed === $license->key() && 'good' === $license->state() ) {
		return $kept = '';
	}
	$done = '' === $typed ? $license->deactivate() : $license->activate( $typed );
	if ( true === $done ) {
		arqam_updater()->forget();
		delete_site_transient( 'update_plugins' );
		return $kept = '';
	}
	$is_away = 'unreachable' === $done->get_error_code();
	$words   = $is_away ? __( 'The shop does not answer. Try again in a while; nothing has changed.', 'arqam' ) : $done->get_error_message();
	add_settings_error( ARQAM_KEY, $done->get_error_code(), esc_html( $words ) );
	return $kept = $typed;
}
