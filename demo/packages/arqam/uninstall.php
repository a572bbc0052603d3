<?php
/**
 * Leaves nothing behind.
 *
 * @package Arqam
 */

if ( ! defined( 'WP_UNINSTALL_PLUGIN' ) ) {
	exit;
}

delete_option( 'arqam_digits' );
