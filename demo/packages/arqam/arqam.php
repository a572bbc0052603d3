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
 * Update URI:        https://dukkan.example/products/arqam-digits/
 *
 * Arqam is free software: you can redistribute it and/or modify it under the terms of the GNU General Public
 * License as published by the Free Software Foundation, either version 2 of the License, or any later version.
 * It is distributed in the hope that it will be useful, but WITHOUT ANY WARRANTY; see the licence for details.
 */

if ( ! defined( 'ABSPATH' ) ) {
	exit;
}

const ARQAM_OPTION  = 'arqam_digits';
const ARQAM_KEY     = 'arqam_key';
const ARQAM_LICENSE = 'arqam_license';

// Where updates come from. A site may say otherwise in wp-config.php.
defined( 'ARQAM_SHOP' ) || define( 'ARQAM_SHOP', 'http://localhost:8000' );

require_once __DIR__ . '/includes/class-arqam-license.php';
require_once __DIR__ . '/includes/class-arqam-updater.php';
require_once __DIR__ . '/settings.php';

/** The licence of this site. The digits work without one; updates come with it. */
function arqam_license() {
	static $license = null;
	$license = $license ? $license : new Arqam_License( ARQAM_SHOP, ARQAM_LICENSE );
	return $license;
}

function arqam_updater() {
	static $updater = null;
	$updater = $updater ? $updater : new Arqam_Updater( arqam_license(), __FILE__ );
	return $updater;
}

arqam_updater()->listen();

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
