<?php
/**
 * Licences of a Dukkan shop for WordPress plugins and themes, PHP 7.4 and newer with sodium (part of PHP, and of
 * WordPress where PHP lacks it). Rename the class, so that two plugins can have their own.
 *
 *   $license = new Dukkan_License( 'https://shop.example', 'my_plugin', $keys );
 *   $license->activate( $key );   // where the buyer types the key; true, or a WP_Error
 *   $license->refresh();          // once a day, by wp_cron; where the shop is away, nothing changes
 *   $license->state();            // 'good', 'grace', 'over' or 'none', from what is stored alone
 *   $license->refusal();          // why the shop said no, in the site's language; empty where it said yes
 *
 * With class-dukkan-updater.php nothing need call refresh(): each look for updates brings a fresh file as well.
 *
 * $keys is the list "keys" of https://shop.example/.well-known/jwks.json; put it into your plugin, so that nobody
 * between the two can put another in its place. Without it, the list is fetched at the first activation and kept.
 * This file may be copied and changed by anybody for anything.
 */

class Dukkan_License {
	const FORM = '/\A[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{86}\z/';
	const DAY  = 86400;

	private $shop;
	private $option;
	private $keys;

	/**
	 * @param string $shop   The shop's address.
	 * @param string $option Under this name the site keeps key, file and keys.
	 * @param array  $keys   The shop's public keys.
	 */
	public function __construct( $shop, $option, $keys = array() ) {
		$this->shop   = rtrim( $shop, '/' );
		$this->option = $option;
		$this->keys   = $keys;
	}

	public function key() {
		$kept = get_option( $this->option, array() );
		return is_array( $kept ) && isset( $kept['key'] ) ? (string) $kept['key'] : '';
	}

	public function shop() {
		return $this->shop;
	}

	/** What the shop and the file call this site. Not home_url(), which changes with the scheme of each request. */
	public function instance() {
		return (string) get_option( 'home' );
	}

	/** Why the shop said no when it was asked last, in its own words. */
	public function refusal() {
		$kept = get_option( $this->option, array() );
		return is_array( $kept ) && isset( $kept['refusal'] ) ? (string) $kept['refusal'] : '';
	}

	/**
	 * Take a place for this site. True, or a WP_Error with the shop's word as its code; then all stays as it was.
	 * Where another key had its place here, that one is freed.
	 */
	public function activate( $key ) {
		$before = get_option( $this->option, array() );
		$former = $this->key();
		$kept   = array( 'key' => trim( (string) $key ) );
		if ( ! $this->keys ) {
			$kept['keys'] = $this->fetch_keys();
			if ( ! $kept['keys'] ) {
				return self::unreachable();
			}
		}
		update_option( $this->option, $kept, false );
		$claims = $this->ask( 'activate', $kept['key'] );
		if ( ! $claims || empty( $claims['activated'] ) ) {
			$before ? update_option( $this->option, $before, false ) : delete_option( $this->option );
			return $claims ? new WP_Error( (string) $claims['code'], (string) $claims['message'] ) : self::unreachable();
		}
		if ( '' !== $former && self::plain( $former ) !== self::plain( $kept['key'] ) ) {
			$this->ask( 'deactivate', $former );
		}
		return true;
	}

	/** Ask for a fresh file. Where the shop says no, the file goes; where it is away, the file stays. */
	public function refresh() {
		$this->ask_about( 'validate' );
		return $this->state();
	}

	/** Free the place of this site. True, or a WP_Error where the shop is away; then all stays as it was. */
	public function deactivate() {
		if ( '' !== $this->key() && ! $this->ask( 'deactivate', $this->key() ) ) {
			return self::unreachable();
		}
		delete_option( $this->option );
		return true;
	}

	/** From what is stored alone: good; grace (the shop should be asked, and it still works); over; or none. */
	public function state( $now = null ) {
		$now    = null === $now ? time() : $now;
		$kept   = get_option( $this->option, array() );
		$claims = isset( $kept['file'] ) ? $this->read( $kept['file'] ) : null;
		if ( ! $claims || ! $this->is_mine( $claims ) || ( empty( $claims['valid'] ) && empty( $claims['activated'] ) ) ) {
			return 'none';
		}
		if ( $now < $claims['iat'] - self::DAY ) {
			return 'none'; // The clock was turned back.
		}
		return $now <= $claims['exp'] ? 'good' : ( $now <= $claims['grace'] ? 'grace' : 'over' );
	}

	/** The newest version with a link to its package, for a site that uses the licence; null where there is none. */
	public function release() {
		$claims = $this->ask_about( 'release' );
		return $claims && ! empty( $claims['valid'] ) && ! empty( $claims['release'] ) ? $claims['release'] : null;
	}

	/** What a signed text says, or null. The algorithm is fixed, whatever the text says of it. */
	public function read( $text ) {
		if ( ! is_string( $text ) || ! preg_match( self::FORM, $text ) ) {
			return null;
		}
		list( $head, $body, $signature ) = explode( '.', $text );
		try {
			$header = json_decode( self::bytes( $head ), true );
			if ( ! is_array( $header ) || 'EdDSA' !== ( $header['alg'] ?? '' ) || 'license+jws' !== ( $header['typ'] ?? '' ) ) {
				return null;
			}
			$public = $this->public_key( (string) ( $header['kid'] ?? '' ) );
			if ( null === $public || ! sodium_crypto_sign_verify_detached( self::bytes( $signature ), "$head.$body", $public ) ) {
				return null;
			}
			$claims = json_decode( self::bytes( $body ), true );
		} catch ( Exception $error ) {
			return null;
		}
		return is_array( $claims ) ? $claims : null;
	}

	private function public_key( $kid ) {
		$kept = get_option( $this->option, array() );
		$keys = $this->keys ? $this->keys : ( $kept['keys'] ?? array() );
		foreach ( $keys as $jwk ) {
			if ( ( $jwk['kid'] ?? null ) === $kid && 'Ed25519' === ( $jwk['crv'] ?? '' ) ) {
				return self::bytes( (string) $jwk['x'] );
			}
		}
		return null;
	}

	private function is_mine( $claims ) {
		$times = isset( $claims['iat'], $claims['exp'], $claims['grace'] )
			&& is_int( $claims['iat'] ) && is_int( $claims['exp'] ) && is_int( $claims['grace'] );
		return $times
			&& ( $claims['iss'] ?? '' ) === $this->shop
			&& ( $claims['asked'] ?? null ) === $this->instance()
			&& self::plain( (string) ( $claims['license']['key'] ?? '' ) ) === self::plain( $this->key() );
	}

	/** The list of the shop's public keys, or an empty one where it does not answer. */
	private function fetch_keys() {
		$answer = wp_remote_get( $this->shop . '/.well-known/jwks.json', array( 'timeout' => 15 ) );
		$data   = json_decode( wp_remote_retrieve_body( $answer ), true );
		return is_array( $data ) && ! empty( $data['keys'] ) && is_array( $data['keys'] ) ? $data['keys'] : array();
	}

	/** The answer about this site's licence, with what follows from a no. */
	private function ask_about( $deed ) {
		$claims = '' === $this->key() ? null : $this->ask( $deed, $this->key() );
		if ( $claims && empty( $claims['valid'] ) && 'too_many_guesses' !== $claims['code'] ) {
			$this->keep( array( 'file' => null, 'refusal' => (string) $claims['message'] ) );
		}
		return $claims;
	}

	/** The signed answer to one question, or null where the shop does not answer, or somebody else does. */
	private function ask( $deed, $key ) {
		$nonce  = bin2hex( random_bytes( 16 ) );
		$asked  = array(
			'key'      => $key,
			'instance' => $this->instance(),
			'nonce'    => $nonce,
			'language' => substr( determine_locale(), 0, 2 ),
		);
		$answer = wp_remote_post(
			$this->shop . '/api/v1/licenses/' . $deed . '/',
			array(
				'timeout' => 15,
				'headers' => array( 'Content-Type' => 'application/json', 'Accept' => 'application/json' ),
				'body'    => wp_json_encode( $asked ),
			)
		);
		if ( is_wp_error( $answer ) ) {
			return null;
		}
		$data   = json_decode( wp_remote_retrieve_body( $answer ), true );
		$signed = is_array( $data ) ? ( $data['signed'] ?? '' ) : '';
		$claims = $this->read( $signed );
		if ( ! $claims || ( $claims['nonce'] ?? '' ) !== $nonce || ( $claims['iss'] ?? '' ) !== $this->shop ) {
			return null;
		}
		if ( isset( $claims['exp'] ) && $this->is_mine( $claims ) ) {
			$this->keep( array( 'file' => $signed, 'refusal' => null ) );
		}
		return $claims;
	}

	private function keep( $values ) {
		$kept = get_option( $this->option, array() );
		update_option( $this->option, array_merge( is_array( $kept ) ? $kept : array(), $values ), false );
	}

	private static function unreachable() {
		return new WP_Error( 'unreachable', 'The shop does not answer.' );
	}

	/** Throws for any spelling but the one that the shop makes. */
	private static function bytes( $text ) {
		$data = sodium_base642bin( $text, SODIUM_BASE64_VARIANT_URLSAFE_NO_PADDING );
		if ( sodium_bin2base64( $data, SODIUM_BASE64_VARIANT_URLSAFE_NO_PADDING ) !== $text ) {
			throw new Exception( 'another spelling' );
		}
		return $data;
	}

	/** As the shop compares keys: without regard to case, spaces, dashes, and whose digits they are. */
	private static function plain( $key ) {
		$digits = preg_split( '//u', '٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹', -1, PREG_SPLIT_NO_EMPTY );
		$key    = str_replace( $digits, array_merge( range( 0, 9 ), range( 0, 9 ) ), $key );
		return preg_replace( '/[^0-9a-z]/', '', strtolower( $key ) );
	}
}
