<?php
/**
 * Khayma: loads its style sheet for readers and for the editor.
 *
 * @package Khayma
 */

if ( ! defined( 'ABSPATH' ) ) {
	exit;
}

add_action(
	'after_setup_theme',
	static function () {
		load_theme_textdomain( 'khayma', get_template_directory() . '/languages' );
		add_theme_support( 'wp-block-styles' );
		add_editor_style( 'style.css' );
	}
);

add_action(
	'wp_enqueue_scripts',
	static function () {
		wp_enqueue_style( 'khayma', get_stylesheet_uri(), array(), wp_get_theme()->get( 'Version' ) );
	}
);
