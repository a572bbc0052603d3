<?php
/**
 * Leaves nothing behind.
 *
 * @package Arqam
 */

if ( ! defined( 'WP_UNINSTALL_PLUGIN' ) ) {
	exit;
}

require_once __DIR__ . '/includes/class-arqam-license.php';
defined( 'ARQAM_SHOP' ) || define( 'ARQAM_SHOP', 'http://localhost:8000' );
$license = new Arqam_License( ARQAM_SHOP, 'arqam_license' );
if ( $license->key() ) {
	$license->deactivate();
}
foreach ( array( 'arqam_digits', 'arqam_key', 'arqam_license' ) as $option ) {
	delete_option( $option );
}
