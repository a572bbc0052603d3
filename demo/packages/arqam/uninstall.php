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
require_once __DIR__ . '/includes/class-arqam-updater.php';
defined( 'ARQAM_SHOP' ) || define( 'ARQAM_SHOP', 'http://localhost:8000' );
$license = new Arqam_License( ARQAM_SHOP, 'arqam_license' );
( new Arqam_Updater( $license, __DIR__ . '/arqam.php' ) )->forget();
$license->deactivate();
foreach ( array( 'arqam_digits', 'arqam_key', 'arqam_license' ) as $option ) {
	delete_option( $option );
}
