<?php
// As much of WordPress as a licence and an updater ask of it. Options lie in the file that argument 1 names.
// Reads one question a line, {"do": ..., ...}, and answers each with one line of JSON.

define( 'ABSPATH', '/' );
define( 'DAY_IN_SECONDS', 86400 );
$store = array( 'path' => $argv[1], 'home' => $argv[2] );
$hooks = array();

class WP_Error {
	public $code;
	public $message;
	public function __construct( $code = '', $message = '' ) {
		$this->code    = $code;
		$this->message = $message;
	}
	public function get_error_code() { return $this->code; }
	public function get_error_message() { return $this->message; }
}

function is_wp_error( $thing ) { return $thing instanceof WP_Error; }
function load_options() { global $store; return is_file( $store['path'] ) ? unserialize( file_get_contents( $store['path'] ) ) : array(); }
function save_options( $options ) { global $store; file_put_contents( $store['path'], serialize( $options ) ); }
function get_option( $name, $default = false ) { global $store; return 'home' === $name ? $store['home'] : load_options()[ $name ] ?? $default; }
function update_option( $name, $value, $autoload = null ) { save_options( array( $name => $value ) + load_options() ); }
function delete_option( $name ) { $options = load_options(); unset( $options[ $name ] ); save_options( $options ); }
function get_site_transient( $name ) { return get_option( "transient_$name" ); }
function set_site_transient( $name, $value, $seconds ) { update_option( "transient_$name", $value ); }
function delete_site_transient( $name ) { do_action( "delete_site_transient_$name" ); delete_option( "transient_$name" ); }
function wp_json_encode( $data ) { return json_encode( $data ); }
function esc_html( $text ) { return htmlspecialchars( $text, ENT_QUOTES ); }
function wp_kses_post( $html ) { return $html; }
function wp_get_environment_type() { return 'local'; }
function admin_url( $path ) { return "/wp-admin/$path"; }
function esc_url( $url ) { return esc_html( $url ); }
function get_file_data( $path, $headers ) {
	$text = file_get_contents( $path );
	foreach ( $headers as $name => $header ) {
		$headers[ $name ] = preg_match( '/^[ \t\/*#@]*' . $header . ':(.*)$/mi', $text, $found ) ? trim( $found[1] ) : '';
	}
	return $headers;
}
function plugin_basename( $file ) { return basename( dirname( $file ) ) . '/' . basename( $file ); }
function wp_delete_file( $path ) { unlink( $path ); }
function add_filter( $name, $callback, $priority = 10, $count = 1 ) { global $hooks; $hooks[ $name ][] = $callback; }
function remove_filter( $name, $callback, $priority = 10 ) { global $hooks; $hooks[ $name ] = array_values( array_diff_key( $hooks[ $name ], array_flip( array_keys( $hooks[ $name ], $callback ) ) ) ); }
function add_settings_error( $setting, $code, $message ) { global $errors; $errors[] = $code; }
function register_setting( $group, $name, $args ) { add_filter( "sanitize_option_$name", $args['sanitize_callback'] ); }
function add_settings_field( ...$field ) {}
function load_plugin_textdomain( ...$domain ) {}
function is_admin() { return false; }
function wp_doing_ajax() { return false; }
function determine_locale() { return 'fa_IR'; }
function esc_attr( $text ) { return esc_html( $text ); }
function esc_html__( $text, $domain ) { return $text; }
function __( $text, $domain = '' ) { return $text; }
function selected( $one, $other, $echo ) { return $one === $other ? ' selected' : ''; }
function do_action( $name ) { global $hooks; foreach ( $hooks[ $name ] ?? array() as $callback ) { $callback(); } }
function add_action( $name, $callback, $priority = 10, $count = 1 ) { add_filter( $name, $callback ); }
function apply_filters( $name, $value, ...$more ) {
	global $hooks;
	foreach ( $hooks[ $name ] ?? array() as $callback ) {
		$value = $callback( $value, ...$more );
	}
	return $value;
}
function wp_remote( $method, $url, $args ) {
	$headers = '';
	foreach ( $args['headers'] ?? array() as $name => $value ) {
		$headers .= "$name: $value\r\n";
	}
	$http = array( 'method' => $method, 'header' => $headers, 'content' => $args['body'] ?? '', 'ignore_errors' => true, 'timeout' => 15 );
	$body = @file_get_contents( $url, false, stream_context_create( array( 'http' => $http ) ) );
	if ( false === $body ) {
		return new WP_Error( 'http_request_failed', 'no answer' );
	}
	preg_match( '/ (\d{3})/', $http_response_header[0], $found );
	return array( 'body' => $body, 'status' => (int) $found[1] );
}
function wp_remote_get( $url, $args = array() ) { return wp_remote( 'GET', $url, $args ); }
function wp_remote_post( $url, $args = array() ) { return wp_remote( 'POST', $url, $args ); }
function wp_remote_retrieve_body( $answer ) { return is_wp_error( $answer ) ? '' : $answer['body']; }
function download_url( $url, $timeout = 300 ) {
	$answer = wp_remote_get( $url );
	if ( is_wp_error( $answer ) || 200 !== $answer['status'] ) {
		return is_wp_error( $answer ) ? $answer : new WP_Error( 'http_404', (string) $answer['status'] );
	}
	$path = tempnam( sys_get_temp_dir(), 'package' );
	file_put_contents( $path, $answer['body'] );
	return $path;
}

$errors = array();
if ( is_file( $argv[3] . '/arqam.php' ) ) { // A plugin as WordPress loads it: its hooks are asked, one a line.
	define( 'ARQAM_SHOP', $argv[4] );
	require $argv[3] . '/arqam.php';
	do_action( 'init' );
	do_action( 'admin_init' );
	while ( ( $line = fgets( STDIN ) ) !== false ) {
		$ask   = json_decode( $line, true );
		$value = 'update_plugins' === $ask['do'] ? apply_filters( 'pre_set_site_transient_update_plugins', new stdClass() ) : $ask['value'];
		$hook  = 'update_plugins' === $ask['do'] ? 'site_transient_update_plugins' : $ask['do'];

		$result = apply_filters( $hook, $value, ...$ask['more'] );
		echo json_encode( array( 'result' => is_wp_error( $result ) ? array( 'error' => $result->code ) : $result, 'errors' => $errors ) ), "\n";
	}
	exit;
}
require $argv[3] . '/class-dukkan-license.php';
require $argv[3] . '/class-dukkan-updater.php';
$plugin = dirname( $argv[1] ) . '/arqam/arqam.php';
is_dir( dirname( $plugin ) ) || mkdir( dirname( $plugin ) );

while ( ( $line = fgets( STDIN ) ) !== false ) {
	$ask     = json_decode( $line, true );
	$license = new Dukkan_License( $ask['shop'], 'arqam_license', $ask['keys'] ?? array() );
	$updater = new Dukkan_Updater( $license, $plugin );
	file_put_contents( $plugin, "<?php\n// Version: " . ( $ask['version'] ?? '1.0.0' ) . "\n" );
	switch ( $ask['do'] ) {
		case 'activate':
			$result = $license->activate( $ask['key'] );
			break;
		case 'state':
			$result = $license->state( $ask['now'] ?? null );
			break;
		case 'read':
			$result = array_map( function ( $text ) use ( $license ) { return $license->read( base64_decode( $text ) ); }, $ask['texts'] );
			break;
		case 'offer':
			$hooks = array();
			$updater->listen();
			apply_filters( 'pre_set_site_transient_update_plugins', new stdClass() );
			$result = apply_filters( 'site_transient_update_plugins', (object) array( 'response' => array( 'arqam/arqam.php' => 'an older offer' ) ) );
			break;
		case 'describe':
			$result = $updater->describe( false, 'plugin_information', (object) array( 'slug' => 'arqam' ) );
			break;
		case 'fetch':
			$path   = $updater->fetch( false, $ask['package'], null, array( 'plugin' => $ask['plugin'] ?? 'arqam/arqam.php' ) );
			$result = is_wp_error( $path ) || false === $path ? $path : array( 'size' => filesize( $path ), 'sha256' => hash_file( 'sha256', $path ) );
			break;
		case 'forget':
			$result = $updater->forget();
			break;
		default:
			$result = $license->{ $ask['do'] }();
	}
	echo json_encode( is_wp_error( $result ) ? array( 'error' => $result->code ) : $result ), "\n";
}
