<?php
/**
 * Plugin Name:       Arqam: Arabic and Persian digits
 * Plugin URI:        https://dukkan.example/products/arqam-digits/
 * Description:       Shows the digits of your readers: ٠١٢ in Arabic, ۰۱۲ in Persian, in posts, titles, dates and counts. Code and addresses stay as they are.
 * Version:           1.3.0
 * Requires at least: 6.0
 * Requires PHP:      7.4
 * Author:            Dukkan Labs
 * License:           GPL-2.0-or-later
 * License URI:       https://www.gnu.org/licenses/gpl-2.0.html
 * Text Domain:       arqam
 * Domain Path:       /languages
 *
 * Arqam is free software: you can redistribute it and/or modify it under the terms of the GNU General Public
 * License as published by the Free Software Foundation, either version 2 of the License, or any later version.
 * It is distributed in the hope that it will be useful, but WITHOUT ANY WARRANTY; see the licence for details.
 */

if ( ! defined( 'ABSPATH' ) ) {
	exit;
}

const ARQAM_VERSION = '1.3.0';
const ARQAM_OPTION  = 'arqam_digits';
const ARQAM_KEY     = 'arqam_key';
const ARQAM_LICENSE = 'arqam_license';

// Where updates come from. A site may say otherwise in wp-config.php.
defined( 'ARQAM_SHOP' ) || define( 'ARQAM_SHOP', 'http://localhost:8000' );

require_once __DIR__ . '/includes/class-arqam-license.php';
require_once __DIR__ . '/includes/class-arqam-updater.php';

/** The licence of this site. The digits work without one; updates come with it. */
function arqam_license() {
	static $license = null;
	$license = $license ? $license : new Arqam_License( ARQAM_SHOP, ARQAM_LICENSE );
	return $license;
}

( new Arqam_Updater( arqam_license(), __FILE__, ARQAM_VERSION ) )->listen();

/** The ten digits to show, or an empty list when European digits are to stay. */
function arqam_digits() {
	$sets = array(
		'arabic'  => array( '٠', '١', '٢', '٣', '٤', '٥', '٦', '٧', '٨', '٩' ),
		'persian' => array( '۰', '۱', '۲', '۳', '۴', '۵', '۶', '۷', '۸', '۹' ),
	);
	$mode = get_option( ARQAM_OPTION, 'auto' );
	if ( 'auto' === $mode ) {
		$language = strtolower( substr( determine_locale(), 0, 2 ) );
		$mode     = array( 'ar' => 'arabic', 'fa' => 'persian' )[ $language ] ?? 'european';
	}
	return $sets[ $mode ] ?? array();
}

/** Plain text in the digits of the reader. */
function arqam_text( $text ) {
	$digits = arqam_digits();
	return $digits ? str_replace( range( 0, 9 ), $digits, (string) $text ) : $text;
}

/** HTML in the digits of the reader; tags, entities, code and preformatted text are left alone. */
function arqam_html( $html ) {
	if ( ! arqam_digits() ) {
		return $html;
	}
	$kept    = '<(pre|code|script|style|textarea|kbd|samp)\b[^>]*>.*?<\/\1>|<[^>]*>|&[#\w]+;|\b(?:https?:\/\/|www\.)[^\s<]+';
	$pattern = '/' . $kept . '|[0-9]+/isu';
	$changed = preg_replace_callback(
		$pattern,
		static function ( $match ) {
			return ctype_digit( $match[0] ) ? arqam_text( $match[0] ) : $match[0];
		},
		(string) $html
	);
	return null === $changed ? $html : $changed;
}

add_action(
	'init',
	static function () {
		load_plugin_textdomain( 'arqam', false, dirname( plugin_basename( __FILE__ ) ) . '/languages' );
		if ( is_admin() || wp_doing_ajax() || ( defined( 'REST_REQUEST' ) && REST_REQUEST ) ) {
			return;
		}
		foreach ( array( 'the_content', 'the_excerpt', 'comment_text', 'widget_text' ) as $filter ) {
			add_filter( $filter, 'arqam_html', 99 );
		}
		add_filter( 'get_archives_link', 'arqam_html', 99 ); // 1.3.0
		add_filter( 'wp_list_categories', 'arqam_html', 99 ); // 1.3.0
		foreach ( array( 'the_title', 'get_the_date', 'get_the_time', 'get_comment_date', 'number_format_i18n' ) as $filter ) {
			add_filter( $filter, 'arqam_text', 99 );
		}
	}
);

add_action(
	'admin_init',
	static function () {
		register_setting(
			'reading',
			ARQAM_OPTION,
			array(
				'type'              => 'string',
				'default'           => 'auto',
				'sanitize_callback' => static function ( $value ) {
					return in_array( $value, array( 'auto', 'arabic', 'persian', 'european' ), true ) ? $value : 'auto';
				},
			)
		);
		register_setting( 'reading', ARQAM_KEY, array( 'type' => 'string', 'sanitize_callback' => 'arqam_take_key' ) );
		add_settings_field( ARQAM_KEY, esc_html__( 'Licence key of Arqam', 'arqam' ), 'arqam_key_field', 'reading', 'default', array( 'label_for' => ARQAM_KEY ) );
		if ( arqam_license()->key() && false === get_site_transient( 'arqam_asked' ) ) {
			set_site_transient( 'arqam_asked', 1, DAY_IN_SECONDS );
			arqam_license()->refresh();
		}
		add_settings_field( ARQAM_OPTION, esc_html__( 'Digits', 'arqam' ), 'arqam_field', 'reading', 'default', array( 'label_for' => ARQAM_OPTION ) );
	}
);

/** The choice on Settings, Reading. */
function arqam_field() {
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

/** Where the key is typed, and how it stands. */
function arqam_key_field() {
	$words = array(
		'good'  => __( 'This site has its updates.', 'arqam' ),
		'grace' => __( 'The shop was not reached for a while; updates wait.', 'arqam' ),
		'over'  => __( 'The shop must be asked again before updates come.', 'arqam' ),
		'none'  => __( 'With the key of your order, updates come by themselves.', 'arqam' ),
	);
	echo '<input type="text" dir="ltr" class="regular-text" autocomplete="off" name="' . esc_attr( ARQAM_KEY ) . '" id="' . esc_attr( ARQAM_KEY ) . '" value="' . esc_attr( arqam_license()->key() ) . '">';
	echo '<p class="description">' . esc_html( $words[ arqam_license()->state() ] ) . '</p>';
}

/** A new key takes a place for this site, an empty one frees it. The licence keeps the key itself. */
function arqam_take_key( $key ) {
	$key     = trim( (string) $key );
	$license = arqam_license();
	if ( $key === $license->key() ) {
		return '';
	}
	if ( $license->key() ) {
		$license->deactivate();
	}
	$done = '' === $key ? true : $license->activate( $key );
	if ( is_wp_error( $done ) ) {
		add_settings_error( ARQAM_KEY, $done->get_error_code(), $done->get_error_message() );
	}
	delete_site_transient( 'update_plugins' );
	return '';
}
